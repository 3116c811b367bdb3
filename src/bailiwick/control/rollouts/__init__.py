"""Rollouts: releases that go out in steps, watched beside what runs, promoted or taken back by themselves."""

from bailiwick.control.rollouts.errors import NoRolloutError, PlanRefusedError, PromotionHeldError
from bailiwick.control.rollouts.keeper import RolloutKeeper
from bailiwick.control.rollouts.looking import Lookout
from bailiwick.control.rollouts.model import (
    AT_ONCE,
    HealthLimits,
    Plan,
    PlanKind,
    Rollout,
    RolloutState,
    SetPlan,
    Step,
    plan_of,
    staged,
)
from bailiwick.control.rollouts.outlet import RolloutOutlet
from bailiwick.control.rollouts.plans import PlanService
from bailiwick.control.rollouts.service import RolloutService
from bailiwick.control.rollouts.transitions import Transitions

__all__ = [
    "AT_ONCE",
    "HealthLimits",
    "Lookout",
    "NoRolloutError",
    "Plan",
    "PlanKind",
    "PlanRefusedError",
    "PlanService",
    "PromotionHeldError",
    "Rollout",
    "RolloutKeeper",
    "RolloutOutlet",
    "RolloutService",
    "RolloutState",
    "SetPlan",
    "Step",
    "Transitions",
    "plan_of",
    "staged",
]
