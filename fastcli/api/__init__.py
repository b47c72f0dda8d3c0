"""What ``import fastcli`` offers, and the command line uses: models, training, tables, reports."""
