"""Studies: checked, kept in versions, handed out again."""

from fastapi import APIRouter, HTTPException

from activesci.errors import StudyError
from activesci.service import bodies
from activesci.service.gate import open_to
from activesci.service.house import TheHouse, Who
from activesci.service.tokens import Scope

router = APIRouter(prefix="/api/studies", tags=["studies"], responses=bodies.refusals(409))


@router.get("", **open_to(Scope.VIEWER))
def studies(house: TheHouse) -> list[bodies.StudyVersion]:
    """List every version of every study in the store."""
    return [bodies.StudyVersion(**one) for one in house.store.versions()]


@router.post("/validate", **open_to(Scope.OWNER))
def validate(house: TheHouse, body: bodies.StudyFiles) -> bodies.Checked:
    """Say whether study.yaml is a study, without keeping or running anything."""
    try:
        house.store.check(body.files)
    except StudyError as error:
        return bodies.Checked(valid=False, message=str(error))
    return bodies.Checked(valid=True, message="")


@router.post("", status_code=201, **open_to(Scope.OWNER))
def create(house: TheHouse, body: bodies.NewStudy) -> bodies.KeptStudy:
    """Keep a study; other files under the same name are another version of it."""
    version, new = house.store.keep(body.name, body.files)
    return bodies.KeptStudy(name=body.name, version=version, new=new)


@router.get("/{study}/{version}", **open_to(Scope.OWNER))
def files(house: TheHouse, study: bodies.Name, version: bodies.Version) -> bodies.StudyFiles:
    """Return the files of a version of a study."""
    path = house.store.study(study, version)
    if path is None:
        raise HTTPException(404, "found no such study, or no such version of it")
    found = {one.name: one.read_text(encoding="utf-8") for one in sorted(path.parent.iterdir()) if one.is_file()}
    return bodies.StudyFiles(files=found)


@router.post("/{study}/{version}/pilot", status_code=202, **open_to(Scope.OWNER))
def pilot(house: TheHouse, study: bodies.Name, version: bodies.Version, who: Who) -> bodies.Job:
    """Run one simulation of a study, and say how long a campaign would take: a job."""
    path = house.store.study(study, version)
    if path is None:
        raise HTTPException(404, "found no such study, or no such version of it")
    return bodies.Job(**house.jobs.add("pilot", None, ["validate", str(path)], who.token))
