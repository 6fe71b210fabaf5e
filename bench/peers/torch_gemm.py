"""Matrix products by torch: MKL through torch.mm, oneDNN and MKL with weights packed before.

torch_gemm.py THREADS. Request {"form": NN | NT | TN, "m", "n", "k", "packed": whether the right operand may be packed
before, "budget": seconds}; answer {"seconds": {LIBRARY: seconds of a product}}.
"""

import sys

import torch

from server import serve, timed

THREADS = int(sys.argv[1])
torch.set_num_threads(THREADS)
torch.set_flush_denormal(True)


def products(form, m, n, k, packed):
    """{library: call} of C = op(A)·op(B)."""
    a = torch.rand(k, m).t() if form == "TN" else torch.rand(m, k)
    b = torch.rand(n, k).t() if form == "NT" else torch.rand(k, n)
    out = torch.empty(m, n)
    calls = {"MKL": lambda: torch.mm(a, b, out=out)}
    if packed and form != "TN":
        weight = b.t().contiguous()
        onednn = torch.ops.mkldnn._reorder_linear_weight(weight, m)
        calls["oneDNN, packed"] = lambda: torch.ops.mkldnn._linear_pointwise(a, onednn, None, "none", [], "")
        if torch.backends.mkl.is_available():
            mkl = torch.ops.mkl._mkl_reorder_linear_weight(weight, m)
            calls["MKL, packed"] = lambda: torch.ops.mkl._mkl_linear(a, mkl, weight, None, m)
    return calls


def answer(request):
    seconds = {}
    with torch.inference_mode():
        calls = products(*(request[key] for key in ("form", "m", "n", "k", "packed")))
        for library, call in calls.items():
            try:
                timed(THREADS, 2, call)
            except RuntimeError:
                continue  # this build of torch lacks the library
            repeats = max(1, round(request["budget"] / max(timed(THREADS, 1, call), 1e-7)))
            seconds[library] = timed(THREADS, repeats, call)
    return {"seconds": seconds}


serve(answer)
