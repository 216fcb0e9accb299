"""What one task asks of a cluster, and how many of it a cluster can do at once."""

from collections.abc import Mapping
from dataclasses import dataclass

from activesci.errors import CampaignError


@dataclass(frozen=True, slots=True)
class Resources:
    """What one task asks of Ray.

    Attributes:
        cpus: CPUs, by default one.
        gpus: GPUs.
        memory: Memory [bytes].
    """

    cpus: float | None = None
    gpus: float | None = None
    memory: float | None = None

    def options(self) -> dict[str, float]:
        """Return them as Ray names them."""
        asked = {"num_cpus": 1 if self.cpus is None else self.cpus, "num_gpus": self.gpus, "memory": self.memory}
        return {name: value for name, value in asked.items() if value}

    def room(self, cluster: Mapping[str, float]) -> int:
        """Return how many tasks a cluster can run at once; 0 if it has not what one asks for.

        Example:
            >>> Resources(cpus=2).room({"CPU": 5.0}), Resources(gpus=1).room({"CPU": 5.0})
            (2, 0)
        """
        offered = _offered(cluster)
        return int(min((offered[name] / asked for name, asked in self.options().items()), default=1))

    def at_once(self, cluster: Mapping[str, float], what: str = "one simulation", where: str = "simulator") -> int:
        """Return how many tasks a cluster can run at once.

        Args:
            cluster: What it has, as Ray names it.
            what: What a task is, in words.
            where: Where a study says what it asks for.

        Raises:
            CampaignError: If it cannot run one.
        """
        offered = _offered(cluster)
        for name, asked in self.options().items():
            if asked > offered[name]:
                raise CampaignError(
                    f"executor.ray: {what} asks for {asked:g} {name}, this Ray has {offered[name]:g}; "
                    f"ask for less under {where}, or join a larger one with executor.ray.address"
                )
        return max(1, self.room(cluster))


def _offered(cluster: Mapping[str, float]) -> dict[str, float]:
    names = {"num_cpus": "CPU", "num_gpus": "GPU", "memory": "memory"}
    return {name: cluster.get(theirs, 0.0) for name, theirs in names.items()}
