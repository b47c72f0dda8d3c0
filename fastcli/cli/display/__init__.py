"""Display on stderr: sentences, live lines, bars and tables.

``terminal`` knows what the terminal can do, ``screen`` keeps sentences and the live line apart,
``live`` (rich) and ``bars`` (tqdm) draw, ``tables`` lays out; ``training``, ``perceptron``,
``tuning`` and ``preparing`` show what their work reports.  rich and tqdm are imported only when
something is drawn on a terminal.
"""
