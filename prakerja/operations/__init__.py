"""What operators lean on: backup and restore, keys, health, metrics, logs, maintenance."""
