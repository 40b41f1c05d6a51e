"""Opening the module must not need, nor import, what is installed on first use."""

from __future__ import annotations

import subprocess
import sys

from data_paths import CHECKOUT, TESTING

BLOCKED = (
    "torch",
    "nibabel",
    "deepbet",
    "pandas",
    "cc3d",
    "fill_voids",
    "tqdm",
    "psutil",
    "matplotlib",
    "scipy",
    "safetensors",
)
START = f"""
import sys
sys.path[:0] = [{str(TESTING)!r}, {str(CHECKOUT / "GMMSegExtension")!r}]
import host.scene
host.scene.install()
"""
BLOCK = f"""
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {BLOCKED!r}:
            raise ModuleNotFoundError(f"No module named '{{name}}' (blocked by the test)", name=name)

sys.meta_path.insert(0, Absent())
"""


def run(lines: str, before: str = "") -> str:
    """Runs ``lines`` in a process where the packages are absent, and gives what it printed.

    ``before`` runs before they are: the stand-in application uses some of them itself.
    """
    done = subprocess.run([sys.executable, "-c", START + before + BLOCK + lines], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_module_and_its_logic_load_without_torch():
    assert (
        run(
            "import GMMSegExtension\n"
            "logic = GMMSegExtension.GMMSegExtensionLogic()\n"
            "print(logic.getParameterNode().numberOfClasses)"
        )
        == "3"
    )


def test_settings_and_presets_are_there_without_torch():
    assert run("from gmmseg import Settings, InputError\nprint(Settings().mode, InputError.__name__)") == (
        "fast InputError"
    )


def test_the_panel_loads_without_torch_and_without_importing_it():
    done = run(
        "application = StandInApplication()\n"
        f"application.load_module({str(CHECKOUT / 'GMMSegExtension' / 'GMMSegExtension.py')!r})\n"
        "application.select_module('GMMSegExtension')\n"
        "print('torch' in sys.modules)\n"
        "application.quit()\n",
        before="import os\n"
        "os.environ['QT_QPA_PLATFORM'] = 'offscreen'\n"
        "from host.application import StandInApplication\n",
    )
    assert done.splitlines()[-1] == "False"
