"""The duties that every process has its share of."""

from entrepot.work.duty import Duty
from entrepot.work.expire_drafts import EXPIRE_DRAFTS
from entrepot.work.expire_storage import EXPIRE_STORAGE
from entrepot.work.finish_handovers import FINISH_HANDOVERS
from entrepot.work.forget_answers import FORGET_ANSWERS
from entrepot.work.forget_deliveries import DROP_DELIVERIES, FORGET_ATTEMPTS
from entrepot.work.forget_networks import FORGET_NETWORKS
from entrepot.work.forget_operations import FORGET_OPERATIONS

DUTIES: tuple[Duty, ...] = (
    EXPIRE_DRAFTS,
    EXPIRE_STORAGE,
    FINISH_HANDOVERS,
    FORGET_ANSWERS,
    FORGET_NETWORKS,
    FORGET_OPERATIONS,
    DROP_DELIVERIES,
    FORGET_ATTEMPTS,
)
