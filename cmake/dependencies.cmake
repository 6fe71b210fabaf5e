# Finds the libraries that scripts/setup.mjs installs.

list(PREPEND CMAKE_PREFIX_PATH ${CMAKE_SOURCE_DIR}/build/deps/highway)
find_package(Threads REQUIRED)
find_package(TBB REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(hwy 1.2 CONFIG REQUIRED)
get_target_property(hwy_type hwy::hwy TYPE)
if(NOT hwy_type STREQUAL "STATIC_LIBRARY")
  message(FATAL_ERROR "Highway must be a static library; run: node scripts/setup.mjs")
endif()
find_package(GTest QUIET)
find_package(benchmark QUIET)

# Node-API: two header-only npm packages; no Node.js source, no V8 or libuv header.
set(ND_NODE_MODULES ${CMAKE_SOURCE_DIR}/node_modules)
if(EXISTS ${ND_NODE_MODULES}/node-addon-api/napi.h)
  add_library(nd_node_api INTERFACE)
  target_include_directories(nd_node_api SYSTEM INTERFACE
    ${ND_NODE_MODULES}/node-addon-api ${ND_NODE_MODULES}/node-api-headers/include)
  target_compile_definitions(nd_node_api INTERFACE
    NAPI_VERSION=8
    NODE_ADDON_API_CPP_EXCEPTIONS
    NODE_ADDON_API_CPP_EXCEPTIONS_ALL
    NODE_ADDON_API_DISABLE_DEPRECATED
    NODE_ADDON_API_REQUIRE_BASIC_FINALIZERS
    NODE_API_NO_EXTERNAL_BUFFERS_ALLOWED
    NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS)
endif()
