"""NeuralForecast end to end, as a user runs it, with progress bars, logging and checkpoints off.

neuralforecast_e2e.py THREADS. Requests, each with a work of scripts/bench/suites/e2e.mjs:
  {"fit": work} -> {"seconds"}         a new NeuralForecast is made and fitted; kept for what follows
  {"predict": work, "calls": N} -> {"seconds"}   of a warm call that forecasts every series
  {"crossValidation": work} -> {"seconds"}   a new NeuralForecast, fitted once, forecasts the last windows of every series
  {"preprocess": work, "calls": N} -> {"seconds"} from the table to scaled arrays of windows
  {"memory": true} -> {"bytes"}        the most that the process has held
"""

import logging
import math
import resource
import sys
import warnings

import torch

from server import WALL, serve, timed

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)
THREADS = int(sys.argv[1])
torch.set_num_threads(THREADS)

import neuralforecast.models as models  # noqa: E402
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from neuralforecast import NeuralForecast  # noqa: E402

QUIET = dict(enable_progress_bar=False, enable_model_summary=False, enable_checkpointing=False, logger=False, accelerator="cpu")
tables = {}
fitted = {}


def table(data):
    """{"file"}: the y column of a CSV file; {"series", "length"}: made-up series, the same as ours."""
    key = str(data)
    if key not in tables:
        if "file" in data:
            y = pd.read_csv(data["file"])["y"].to_numpy(dtype=np.float64)[None]
        else:
            i, t = np.arange(data["series"])[:, None], np.arange(data["length"])[None]
            y = 100 + 10 * np.sin(2 * math.pi * t / 24 + i) + (t * 7919 + i * 104729) % 101 / 50
        series, length = y.shape
        tables[key] = pd.DataFrame(
            {"unique_id": np.repeat(np.arange(series), length), "ds": np.tile(np.arange(length), series), "y": y.ravel()}
        )
    return tables[key]


def make(work):
    nets = [
        getattr(models, model["name"])(h=work["horizon"], input_size=work["inputSize"], **model["options"], **QUIET)
        for model in work["models"]
    ]
    return NeuralForecast(models=nets, freq=1)


def fit(work):
    nf = make(work)
    nf.fit(table(work["data"]))
    fitted.clear()
    fitted[work["name"]] = nf


def cross_validation(work):
    asked = work["crossValidation"]
    make(work).cross_validation(table(work["data"]), n_windows=asked["windows"], step_size=asked["stepSize"], refit=False)


def preprocess(work):
    """The dataset, its robust scale and every window of it."""
    nf = NeuralForecast(models=make(work).models, freq=1, local_scaler_type="robust")
    dataset = nf._prepare_fit(table(work["data"]), static_df=None, id_col="unique_id", time_col="ds", target_col="y")[0]
    size = work["inputSize"] + work["horizon"]
    return dataset.temporal.unfold(0, size, 1).contiguous()


def answer(request):
    if "fit" in request:
        table(request["fit"]["data"])
        return {"seconds": timed(WALL, 1, lambda: fit(request["fit"]))}
    if "predict" in request:
        nf = fitted[request["predict"]["name"]]
        nf.predict()
        return {"seconds": timed(WALL, request["calls"], nf.predict)}
    if "crossValidation" in request:
        table(request["crossValidation"]["data"])
        return {"seconds": timed(WALL, 1, lambda: cross_validation(request["crossValidation"]))}
    if "preprocess" in request:
        preprocess(request["preprocess"])
        return {"seconds": timed(WALL, request["calls"], lambda: preprocess(request["preprocess"]))}
    return {"bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}


serve(answer)
