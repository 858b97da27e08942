"""The program that runs a plan, as a process."""

from pathlib import Path

from automl.runtime.local.plan import Service, Task
from tests.runtime.local.plans import finish, history, new_run, shell, states


def test_tasks_run_in_their_order(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    tasks = [
        shell("a", f"sleep 0.1; echo a >> {trace}"),
        shell("b", f"echo b >> {trace}", ["a"]),
        shell("c", f"echo c >> {trace}", ["b"]),
    ]
    folder = new_run(tmp_path, tasks)
    status, text = finish(folder, "--jobs", "3")
    assert status == 0, text
    assert trace.read_text() == "a\nb\nc\n"
    assert states(folder) == {"a": "succeeded", "b": "succeeded", "c": "succeeded"}
    assert history(folder).state == "succeeded"


def test_a_task_is_tried_as_often_as_it_says(tmp_path: Path) -> None:
    folder = new_run(
        tmp_path, [shell("a", f"echo a >> {tmp_path}/trace; exit 3", retries=2), shell("b", "true")]
    )
    status, text = finish(folder, "--jobs", "1")
    assert (status, (tmp_path / "trace").read_text()) == (1, "a\n" * 3), text
    task = history(folder).tasks["a"]
    assert (task.state, task.reason, task.tries) == ("failed", "ended with status 3", 3)


LOOK = "import urllib.request as u; u.urlopen('http://127.0.0.1:18437')"


def test_a_service_is_awaited_and_stopped(tmp_path: Path) -> None:
    command = ["python3", "-m", "http.server", "18437"]
    service = Task("serve", "s", "serve", [*command], project=True, service=Service(18437))
    folder = new_run(tmp_path, [service, shell("look", f'python3 -c "{LOOK}"', ["serve"])])
    status, text = finish(folder, "--stop-services", "--jobs", "2")
    assert status == 0, text
    assert "serve: is ready at http://localhost:18437/" in text
    assert states(folder) == {"serve": "succeeded", "look": "succeeded"}
