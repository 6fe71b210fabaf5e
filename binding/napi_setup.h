// The only file that includes <napi.h>: every translation unit must see the same switches. Version
// 8 is what each supported Node and Electron speaks; external buffers are compiled out because
// Electron forbids them; finalizers may not touch JavaScript; any C++ exception that leaves a
// callback becomes a JavaScript one instead of an abort.
#pragma once

#ifndef NAPI_VERSION
#define NAPI_VERSION 8
#endif
#ifndef NODE_ADDON_API_CPP_EXCEPTIONS
#define NODE_ADDON_API_CPP_EXCEPTIONS
#endif
#ifndef NODE_ADDON_API_CPP_EXCEPTIONS_ALL
#define NODE_ADDON_API_CPP_EXCEPTIONS_ALL
#endif
#ifndef NODE_ADDON_API_DISABLE_DEPRECATED
#define NODE_ADDON_API_DISABLE_DEPRECATED
#endif
#ifndef NODE_ADDON_API_REQUIRE_BASIC_FINALIZERS
#define NODE_ADDON_API_REQUIRE_BASIC_FINALIZERS
#endif
#ifndef NODE_API_NO_EXTERNAL_BUFFERS_ALLOWED
#define NODE_API_NO_EXTERNAL_BUFFERS_ALLOWED
#endif
#ifndef NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS
#define NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS
#endif

#include <napi.h>
