"""Qt's own dialogs answered by a test: `qt.QMessageBox`, `qt.QInputDialog`, `qt.QFileDialog`, `qt.QDialog.exec`.

messages.inputs.append("my model")          # the next text, number, item or file asked for; None is Cancel
messages.answers.append("reject")           # the next question is answered with No or Cancel
messages.dialogs.append(lambda dialog: True)  # the next dialog of the module's own: act on it; True accepts

What was asked is in `messages.shown`. A dialog that nobody answers is an error, not a test that hangs.
"""

from __future__ import annotations

from typing import Any

from PySide6 import QtCore, QtWidgets

from host import messages
from host.pythonqt import conversion, decorators, qt5, signals

#: How long a dialog that `messages.dialogs` has no answer for stays open; something else may close it.
seconds_to_answer = 10.0

_Box = QtWidgets.QMessageBox
_ACCEPTING = (_Box.ButtonRole.AcceptRole, _Box.ButtonRole.YesRole, _Box.ButtonRole.DestructiveRole)
_REJECTING = (_Box.ButtonRole.RejectRole, _Box.ButtonRole.NoRole)
_KINDS = {
    _Box.Icon.Information: "information",
    _Box.Icon.Warning: "warning",
    _Box.Icon.Critical: "error",
    _Box.Icon.Question: "question",
}


# message boxes
def _exec_box(self: Any) -> int:
    kind = _KINDS.get(self.icon(), "message")
    messages.shown.append(messages.Message(kind, self.text(), self.windowTitle(), self.detailedText() or None))
    buttons = self.buttons() or [self.addButton(_Box.StandardButton.Ok)]
    is_choice = len(buttons) > 1
    wanted = messages.answers.pop(0) if messages.answers and is_choice else "accept"
    roles = _REJECTING + _ACCEPTING if wanted == "reject" else _ACCEPTING + _REJECTING
    ranked = sorted(buttons, key=lambda button: _rank(roles, self.buttonRole(button)))
    ranked[0].click()
    return self.result()


def _rank(roles: tuple, role: Any) -> int:
    return roles.index(role) if role in roles else len(roles)


def _static_box(icon: Any, default: int) -> Any:
    def show(parent: Any, title: str, text: str, buttons: int = default, default_button: int = 0) -> int:
        box = _Box(icon, title, text, _Box.StandardButton(buttons))
        return _exec_box(box)

    return show


# other dialogs
def _exec_dialog(self: Any) -> int:
    messages.shown.append(messages.Message("message", self.windowTitle()))
    if not messages.dialogs:
        return _exec_until_somebody_closes_it(self)
    accepted = messages.dialogs.pop(0)(conversion.wrap(self))
    self.done(QtWidgets.QDialog.DialogCode.Accepted if accepted else QtWidgets.QDialog.DialogCode.Rejected)
    return self.result()


def _exec_until_somebody_closes_it(dialog: QtWidgets.QDialog) -> int:
    def give_up() -> None:
        signals.swallow(RuntimeError(f"Nobody answers the dialog '{dialog.windowTitle()}'; see host.messages.dialogs."))
        dialog.reject()

    timer = QtCore.QTimer()
    timer.setSingleShot(True)
    timer.timeout.connect(give_up)
    timer.start(int(1000 * seconds_to_answer))
    result = QtWidgets.QDialog.exec(dialog)
    timer.stop()
    return result


def _next_input(text: str, title: str) -> Any:
    messages.shown.append(messages.Message("question", text, title))
    if not messages.inputs:
        raise RuntimeError(f"Nobody answers '{text or title}'; see host.messages.inputs.")
    return messages.inputs.pop(0)


# When the user cancels, Qt's return value is nothing for a text, else the value to begin with. These return what PySide
# does, whether it was accepted or which filter was chosen included; `qt5.RESULT_IS_FIRST` drops that as PythonQt does.
def _get_text(parent: Any, title: str, label: str, echo: int = 0, text: str = "") -> tuple:
    return _next_input(label, title) or "", True


def _get_multi_line_text(parent: Any, title: str, label: str, text: str = "") -> str:
    return _next_input(label, title) or ""


def _get_item(parent: Any, title: str, label: str, items: list[str], current: int = 0, editable: bool = True) -> tuple:
    chosen = _next_input(label, title)
    if chosen is not None and not editable and chosen not in items:
        raise RuntimeError(f"'{label}' does not offer {chosen}, only {', '.join(items)}.")
    return _kept(chosen, items[current] if current < len(items) else "")


def _get_int(parent: Any, title: str, label: str, value: int = 0, low: int = 0, high: int = 0, step: int = 1) -> tuple:
    return _kept(_next_input(label, title), value)


def _get_double(
    parent: Any, title: str, label: str, value: float = 0.0, low: float = 0.0, high: float = 0.0, decimals: int = 1
) -> tuple:
    return _kept(_next_input(label, title), value)


def _kept(chosen: Any, before: Any) -> tuple:
    return before if chosen is None else chosen, chosen is not None


def _get_path(
    parent: Any = None,
    caption: str = "",
    directory: str = "",
    file_filter: str = "",
    chosen: Any = None,
    options: int = 0,
) -> tuple:
    return str(_next_input(caption, "") or ""), file_filter


def _get_paths(
    parent: Any = None,
    caption: str = "",
    directory: str = "",
    file_filter: str = "",
    chosen: Any = None,
    options: int = 0,
) -> tuple:
    return [str(path) for path in _next_input(caption, "") or ()], file_filter


def _get_folder(parent: Any = None, caption: str = "", directory: str = "", options: int = 0) -> str:
    return str(_next_input(caption, "") or "")


_YES_NO = int(_Box.StandardButton.Yes.value | _Box.StandardButton.No.value)
_OK = int(_Box.StandardButton.Ok.value)
_STATIC = {
    ("QMessageBox", "question"): _static_box(_Box.Icon.Question, _YES_NO),
    ("QMessageBox", "information"): _static_box(_Box.Icon.Information, _OK),
    ("QMessageBox", "warning"): _static_box(_Box.Icon.Warning, _OK),
    ("QMessageBox", "critical"): _static_box(_Box.Icon.Critical, _OK),
    ("QInputDialog", "getText"): _get_text,
    ("QInputDialog", "getMultiLineText"): _get_multi_line_text,
    ("QInputDialog", "getItem"): _get_item,
    ("QInputDialog", "getInt"): _get_int,
    ("QInputDialog", "getDouble"): _get_double,
    ("QFileDialog", "getOpenFileName"): _get_path,
    ("QFileDialog", "getSaveFileName"): _get_path,
    ("QFileDialog", "getOpenFileNames"): _get_paths,
    ("QFileDialog", "getExistingDirectory"): _get_folder,
}


def answer_in_place_of_a_user() -> None:
    """Let `messages` answer Qt's dialogs from now on."""
    decorators.STATIC_METHODS.update(_STATIC)
    for name in ("exec", "exec_"):
        qt5.METHODS[(QtWidgets.QMessageBox, name)] = _exec_box
        qt5.METHODS[(QtWidgets.QDialog, name)] = _exec_dialog
