"""Training steps of NeuralForecast's own networks in a bare PyTorch loop: L1 loss, Adam, no data loading, no Lightning.

torch_train.py MODE THREADS, MODE one of
  eager     as a script would write it: torch.optim.Adam
  fused     eager, Adam in one kernel
  compiled  torch.compile of the network with its loss, Adam in one kernel
Request {"work": NAME, "model", "inputSize", "horizon", "windows", "series", "options", "inference", "bf16", "steps"}
answer {"seconds" (of a step), "parameters"}; {"versions": true} -> what runs.
"""

import logging
import sys
import warnings

import torch

from server import serve, timed

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)
MODE, THREADS = sys.argv[1], int(sys.argv[2])
torch.set_num_threads(THREADS)
torch.set_flush_denormal(True)


def network(request):
    import neuralforecast.models as models

    options = dict(request["options"], h=request["horizon"], input_size=request["inputSize"])
    if request["series"] > 1:
        options["n_series"] = request["series"]
    return getattr(models, request["model"])(max_steps=1, **options)


def batch(request):
    size, series = request["windows"], request["series"]

    def wave(length):
        count = size * length * series
        return torch.sin(0.37 * torch.arange(count, dtype=torch.float32)).reshape(size, length, series)

    insample = wave(request["inputSize"])
    absent = dict.fromkeys(("futr_exog", "hist_exog", "stat_exog"))
    return dict(insample_y=insample, insample_mask=torch.ones_like(insample), **absent), wave(request["horizon"])


class Step:
    def __init__(self, request):
        self.net = network(request)
        self.inputs, self.target = batch(request)
        self.inference = request["inference"]
        self.net.train(not self.inference)
        if self.inference:
            self.loss = lambda: self.net(self.inputs)
        else:
            self.loss = lambda: (self.net(self.inputs).reshape(self.target.shape) - self.target).abs().mean()
        if request.get("bf16"):
            exact = self.loss

            def rounded():
                with torch.autocast("cpu", dtype=torch.bfloat16):
                    return exact()

            self.loss = rounded
        if MODE == "compiled":
            self.loss = torch.compile(self.loss)
        trainable = [p for p in self.net.parameters() if p.requires_grad]
        self.parameters = sum(p.numel() for p in trainable)
        self.optimizer = torch.optim.Adam(trainable, lr=1e-4, **({} if MODE == "eager" else {"fused": True}))

    def __call__(self):
        if self.inference:
            with torch.inference_mode():
                self.loss()
            return
        self.optimizer.zero_grad(set_to_none=True)
        self.loss().backward()
        self.optimizer.step()


warm = {}


def answer(request):
    if "versions" in request:
        import neuralforecast

        return {"torch": torch.__version__, "neuralforecast": neuralforecast.__version__, "python": sys.version.split()[0]}
    name = request["work"]
    if name not in warm:
        warm.clear()
        torch._dynamo.reset()
        step = Step(request)
        for _ in range(3):
            step()
        warm[name] = step
    step = warm[name]
    return {"seconds": timed(THREADS, request["steps"], step), "parameters": step.parameters}


serve(answer)
