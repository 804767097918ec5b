"""Ids of the demo world's regions; the regions themselves are in its folder of network files.

Ids up to 300,000 are those of the contract's region tree, so that examples written for it name
the same places; ids from `OWN_ID` on are ours, for places whose id there we do not know.
"""

OWN_ID = 900_000
RUSSIA = 225
MOSCOW, MOSCOW_AND_REGION = 213, 1
SAINT_PETERSBURG, LENINGRAD_REGION = 2, 10174
NOVOSIBIRSK, NOVOSIBIRSK_REGION = 65, 11316
