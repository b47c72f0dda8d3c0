"""Neural networks (MLP): layers forward and backward, and their training steps."""
