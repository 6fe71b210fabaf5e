/** Names of the reference and ours. */

/** `n_head` → `nHead`, `MovingAvg_window` → `movingAvgWindow`. */
export const camelCase = (name: string): string =>
  name
    .replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
    .replace(/^[A-Z]/, (letter) => letter.toLowerCase());

/** Options of the reference that are spelled otherwise than the rule says. */
const SPELLED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Autoformer: { movingAvgWindow: 'MovingAvg_window' },
  FEDformer: { movingAvgWindow: 'MovingAvg_window' },
};

/** `nHead` → `n_head`. */
export const snakeCase = (name: string, model = ''): string =>
  SPELLED[model]?.[name] ?? name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** Arguments of Lightning's trainer: they say how and where to train, not what. */
const TRAINER = new Set([
  ...['accelerator', 'strategy', 'devices', 'num_nodes', 'precision', 'logger', 'callbacks'],
  ...['fast_dev_run', 'max_epochs', 'min_epochs', 'min_steps', 'max_time', 'overfit_batches'],
  ...['limit_train_batches', 'limit_val_batches', 'limit_test_batches', 'limit_predict_batches'],
  ...['val_check_interval', 'check_val_every_n_epoch', 'num_sanity_val_steps', 'log_every_n_steps'],
  ...[
    'enable_checkpointing',
    'enable_progress_bar',
    'enable_model_summary',
    'enable_autolog_hparams',
  ],
  ...['accumulate_grad_batches', 'gradient_clip_val', 'gradient_clip_algorithm', 'deterministic'],
  ...['benchmark', 'inference_mode', 'use_distributed_sampler', 'profiler', 'detect_anomaly'],
  ...['barebones', 'plugins', 'sync_batchnorm', 'reload_dataloaders_every_n_epochs'],
  ...['default_root_dir', 'model_registry'],
]);

export const isOfTrainer = (name: string): boolean => TRAINER.has(name);

/** Arguments of every model that are read one by one, or that have no meaning here. */
const COMMON = new Set([
  ...['h', 'input_size', 'n_series', 'alias', 'loss', 'valid_loss'],
  ...['futr_exog_list', 'hist_exog_list', 'stat_exog_list'],
  ...['cat_exog_list', 'categorical_cardinalities', 'cat_emb_dim'],
  ...['optimizer', 'optimizer_kwargs', 'lr_scheduler', 'lr_scheduler_kwargs'],
  ...['n_samples', 'h_train', 'inference_input_size', 'val_monitor', 'dataloader_kwargs'],
  ...['num_workers_loader'],
]);

/** Whether an argument that is no option of ours may be left out. */
export const mayBeLeftOut = (name: string): boolean => isOfTrainer(name) || COMMON.has(name);
