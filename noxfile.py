"""Development sessions: `nox -s NAME`. Each installs and runs commands and decides nothing."""

from pathlib import Path

import nox

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "venv"
nox.options.reuse_existing_virtualenvs = True
nox.options.error_on_missing_interpreters = True
nox.options.sessions = ["tests", "check", "types", "lint"]

CONSTRAINTS = ("-c", "constraints.txt")
WORKSPACE = (*CONSTRAINTS, "-e", "runtime", "-e", "codegen", "-e", ".")
BOTOCORE = "1.44.5"
"""Whose protocol cases tests/protocol holds."""
SAGEMAKER_CORE = "sagemaker-core==2.27.0"
"""What benchmarks/ compares with."""
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
RUNTIME_TESTS = tuple(
    f"tests/{folder}" for folder in ("unit", "behaviour", "protocol", "differential", "peers")
)
AWS_CLI = "awscli==1.46.3"
"""What tests/cli runs; its requirements conflict with constraints.txt."""
PYPROJECT = nox.project.load_toml("pyproject.toml")


def group(name: str) -> tuple[str, ...]:
    """Return the requirements of a dependency group in pyproject.toml."""
    return nox.project.dependency_groups(PYPROJECT, name)


@nox.session
def generate(session: nox.Session) -> None:
    """Write generated/ from specs/. Arguments after `--` go to `aiobotantic generate`."""
    session.install(*WORKSPACE)
    session.run("aiobotantic", "generate", *session.posargs)


@nox.session
def check(session: nox.Session) -> None:
    """Fail if generated/ is not what specs/ and the templates make."""
    session.install(*WORKSPACE)
    session.run("aiobotantic", "generate", "--check", *session.posargs)


@nox.session
def api(session: nox.Session) -> None:
    """Write docs/api/: the public API of the packages and the commands."""
    session.install(*WORKSPACE, *group("tests"))
    session.run("python", ".ci/api.py", *session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    """Run the tests. Arguments after `--` go to pytest."""
    session.install(*WORKSPACE, *group("tests"))
    session.run("python", "-m", "pytest", *session.posargs)


@nox.session
def browser(session: nox.Session) -> None:
    """Use the status page in headless Chromium: `apt-get install chromium`, or CHROMIUM names one.

    Arguments after `--` go to pytest.
    """
    session.install(*WORKSPACE, *group("tests"))
    session.run("python", "-m", "pytest", "tests/browser", *session.posargs)


@nox.session
def screenshot(session: nox.Session) -> None:
    """Take the picture of the status page that docs/testing.md shows; it needs Chromium too."""
    session.install(*WORKSPACE)
    session.run("python", "tests/browser/screenshot.py", "docs/status-page.png")


@nox.session
def differential(session: nox.Session) -> None:
    """Compare requests, signatures and answers with botocore's, then signatures with awscrt's.

    Arguments after `--` go to pytest, such as `--examples 200` or the `--seed N` that a run
    printed. Where awscrt is installed botocore signs with it: nowhere else may it be.
    """
    session.install(*WORKSPACE, *group("tests"), "awscrt")
    run = ("python", "-m", "pytest", "tests/differential", "-s", *session.posargs)
    session.run(*run, env={"BOTO_DISABLE_CRT": "true"})
    session.run(*run, "--signer", "awscrt", "--examples", "10")


@nox.session
@nox.parametrize("end", ["oldest", "newest"])
def aiobotocore(session: nox.Session, end: str) -> None:
    """Run the tests of the runtime with an end of the aiobotocore and pydantic that it admits.

    Arguments after `--` go to pytest.
    """
    session.install(*WORKSPACE, *group("tests"))
    session.run("python", ".ci/aiobotocore_end.py", end)
    session.run("python", "-m", "pytest", *RUNTIME_TESTS, *session.posargs)


@nox.session(python=PYTHONS)
def pythons(session: nox.Session) -> None:
    """Run unit and behaviour tests with each Python; one that is not on the machine fails.

    Arguments after `--` go to pytest.
    """
    session.install(*WORKSPACE, *group("tests"))
    session.run("python", "-m", "pytest", "tests/unit", "tests/behaviour", *session.posargs)


@nox.session
def soak(session: nox.Session) -> None:
    """Call for long while things go wrong: `-- --calls 1000000`, or `-- --cycles 10000` clients."""
    session.install(*WORKSPACE, *group("tests"))
    session.run("python", "-X", "dev", "-W", "error", "tests/failures/soak.py", *session.posargs)


@nox.session
def faults(session: nox.Session) -> None:
    """Let the same faults happen to aiobotocore, and compare with docs/reliability.md."""
    session.install(*WORKSPACE, *group("tests"))
    check = ("--check", "docs/reliability.md")
    session.run("python", "benchmarks/faults.py", *check, *session.posargs)


@nox.session
def fuzz(session: nox.Session) -> None:
    """Give broken and hostile input to the generator, and kill its commands at many steps.

    Arguments after `--` go to pytest, such as `--examples 2000` or the `--seed N` that a run
    printed.
    """
    session.install(*WORKSPACE, *group("tests"))
    files = ("tests/fuzz", "tests/behaviour/test_killed.py")
    session.run("python", "-m", "pytest", *files, "-s", *session.posargs)


@nox.session
def cli(session: nox.Session) -> None:
    """Let the AWS CLI, in an environment of its own, live with aiosagemaker-server."""
    session.install(*WORKSPACE, *group("tests"))
    own = session.cache_dir / "awscli"
    session.run("python", "-m", "venv", str(own))
    session.run(f"{own}/bin/pip", "install", "-q", AWS_CLI, external=True)
    run = ("python", "-m", "pytest", "tests/cli/aws_cli.py", *session.posargs)
    session.run(*run, env={"CLI_PROGRAM": f"{own}/bin/aws"})


@nox.session
def services(session: nox.Session) -> None:
    """Try 40 other services of botocore: generate, import, check types, call beside botocore."""
    session.install(*WORKSPACE, *group("tests"))
    session.run("python", "tests/services", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """Measure this client and others side by side. Arguments after `--` go to benchmarks/."""
    session.install(*WORKSPACE, *group("bench"))
    own = session.cache_dir / "sagemaker-core"  # what it needs conflicts with constraints.txt
    session.run("python", "-m", "venv", str(own))
    session.run(f"{own}/bin/pip", "install", "-q", SAGEMAKER_CORE, external=True)
    session.run(
        *("python", "benchmarks", "--python", f"sagemaker_core={own}/bin/python"),
        *("--json", "docs/benchmarks.json", "--svg", "docs/benchmarks.svg"),
        *session.posargs,
    )


@nox.session
def types(session: nox.Session) -> None:
    """Check every type: mypy --strict on all packages, pyright strict on what users import."""
    session.install(*WORKSPACE, *group("types"))
    session.run("mypy", "--strict", "runtime", "codegen", "extras", "generated")
    session.run("mypy", "--strict", "examples/demo", *map(str, Path("examples").glob("*.py")))
    session.run("mypy", "--strict", "benchmarks")
    session.run("pyright", env={"PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"})


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and common mistakes in the hand-written code."""
    session.install(*CONSTRAINTS, *group("lint"))
    session.run("ruff", "check", ".")
    session.run("black", "--check", ".")


@nox.session
def demo(session: nox.Session) -> None:
    """Let an API change in, regenerate, and make concurrent calls to the embedded server."""
    session.install(*WORKSPACE)
    session.run("python", "examples/demo/run.py", *session.posargs)


@nox.session
def build(session: nox.Session) -> None:
    """Build the three distributions into dist/, the client with AWS's prose, and check them."""
    session.install(*WORKSPACE, *group("build"))
    session.run("python", ".ci/build.py", *session.posargs)


@nox.session
def audit(session: nox.Session) -> None:
    """Look for known holes in what constraints.txt pins. It asks a public database.

    Arguments after `--` go to pip-audit, such as `-s osv`, which asks osv.dev.
    """
    session.install(*CONSTRAINTS, *group("audit"))
    audited = ("-r", "constraints.txt", "--no-deps", "--disable-pip")
    session.run("pip-audit", "--strict", *audited, *session.posargs)


@nox.session
def protocols(session: nox.Session) -> None:
    """Compare tests/protocol/cases with the protocol cases of botocore's source distribution."""
    archive = session.cache_dir / f"botocore-{BOTOCORE}.tar.gz"
    session.run("python", "tests/protocol/convert.py", str(archive), "--check", *session.posargs)


@nox.session
def pairs(session: nox.Session) -> None:
    """Compare known changes of botocore's own models; `-- --seed FILE` compares a page too."""
    session.install(*WORKSPACE)
    session.run("python", "-m", "pairs", *session.posargs, env={"PYTHONPATH": "tests"})


@nox.session
def update(session: nox.Session) -> None:
    """Let the newest API in: specs, client, change record, changelog and version.

    Arguments after `--` go to `aiobotantic update`, such as `--dry-run` or `--summary FILE`.
    """
    session.install(*WORKSPACE)
    session.run("aiobotantic", "update", *session.posargs)
