"""fastText's model: its losses, trainers, prediction and quantization."""
