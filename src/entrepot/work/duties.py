"""The duties that every process has its share of."""

from entrepot.work.duty import Duty
from entrepot.work.expire_drafts import EXPIRE_DRAFTS
from entrepot.work.forget_answers import FORGET_ANSWERS
from entrepot.work.forget_networks import FORGET_NETWORKS

DUTIES: tuple[Duty, ...] = (EXPIRE_DRAFTS, FORGET_ANSWERS, FORGET_NETWORKS)
