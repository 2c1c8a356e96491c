"""How fast Ingle is, as ratios: each figure beside a floor or a rival measured in the same run.

    python -m bench.run [--quick]

Machines differ and are noisy: bare times say little. Whoever is compared is therefore measured round by round
in turn, with the same client and the same request bytes, and the median of the rounds counts.
"""
