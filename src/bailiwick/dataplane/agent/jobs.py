"""Jobs on a schedule: cron expressions in UTC, from the manifests of what runs in production."""

from datetime import datetime

from cronsim import CronSim, CronSimError

from bailiwick.core.ids import new_id
from bailiwick.core.messages import RunJobOrder
from bailiwick.dataplane.agent.host import AppHost


class Schedule:
    """When which job is next; jobs that fell due while the plane was down are not made up for."""

    def __init__(self, host: AppHost) -> None:
        self._host = host
        self._next: dict[tuple[str, str, str], datetime] = {}

    async def run_due(self, now: datetime) -> None:
        """Run what is due."""
        wanted = {(app, job, cron) for app, job, cron in self._host.scheduled_jobs()}
        self._next = {key: due for key, due in self._next.items() if key in wanted}
        for key in wanted:
            if key not in self._next:
                self._plan(key, now)
            elif self._next[key] <= now:
                self._plan(key, now)
                app, job, _ = key
                order = RunJobOrder(app=app, job=job, run=new_id("run"), asked_by="service:schedule")
                await self._host.run_job(order)

    def _plan(self, key: tuple[str, str, str], now: datetime) -> None:
        try:
            self._next[key] = next(CronSim(key[2], now))
        except (CronSimError, StopIteration):
            self._next[key] = datetime.max.replace(tzinfo=now.tzinfo)
