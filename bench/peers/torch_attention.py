"""Multi-head attention by torch's scaled_dot_product_attention, q, k and v [windows, length, width] as networks have them.

torch_attention.py THREADS. Request {"windows", "length", "width", "heads", "causal", "backward", "budget"};
answer {"seconds": of a call}.
"""

import sys

import torch
import torch.nn.functional as F

from server import serve, timed

THREADS = int(sys.argv[1])
torch.set_num_threads(THREADS)
torch.set_flush_denormal(True)


def attention(q, k, v, heads, causal):
    def split(x):
        return x.reshape(*x.shape[:2], heads, -1).transpose(1, 2)

    out = F.scaled_dot_product_attention(split(q), split(k), split(v), is_causal=causal)
    return out.transpose(1, 2).reshape(q.shape)


def answer(request):
    shape = [request[key] for key in ("windows", "length", "width")]
    backward = request["backward"]
    q, k, v = (torch.randn(shape, requires_grad=backward) for _ in range(3))
    derivative = torch.ones(shape)

    def call():
        if not backward:
            with torch.inference_mode():
                return attention(q, k, v, request["heads"], request["causal"])
        q.grad = k.grad = v.grad = None
        return attention(q, k, v, request["heads"], request["causal"]).backward(derivative)

    timed(THREADS, 2, call)
    repeats = max(1, round(request["budget"] / max(timed(THREADS, 1, call), 1e-7)))
    return {"seconds": timed(THREADS, repeats, call)}


serve(answer)
