"""Loads checkpoints that exportCheckpoint wrote into NeuralForecast and forecasts:  python parity-export.py DIR
DIR/<case>/checkpoint is read, DIR/<case>/reference.csv is written; future.csv is passed where it is there."""
import logging, os, sys, warnings
warnings.filterwarnings("ignore")
for name in ("pytorch_lightning", "lightning"): logging.getLogger(name).setLevel(logging.ERROR)
import pandas as pd
from neuralforecast import NeuralForecast
for name in sorted(os.listdir(sys.argv[1])):
    case = os.path.join(sys.argv[1], name)
    nf = NeuralForecast.load(os.path.join(case, "checkpoint"))
    for model in nf.models: model.trainer_kwargs.update(logger=False, enable_progress_bar=False, accelerator="cpu", devices=1)
    future = os.path.join(case, "future.csv")
    level = None if nf.prediction_intervals is None else [80, 95]
    frame = nf.predict(futr_df=pd.read_csv(future, parse_dates=["ds"]) if os.path.exists(future) else None, level=level)
    frame.to_csv(os.path.join(case, "reference.csv"), index=False, float_format="%.9g")
