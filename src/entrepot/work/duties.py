"""The duties of the work loop."""

from entrepot.work.expire_drafts import expire_drafts
from entrepot.work.forget_answers import forget_answers
from entrepot.work.forget_networks import forget_networks
from entrepot.work.loop import Duty

DUTIES: tuple[Duty, ...] = (expire_drafts, forget_answers, forget_networks)
