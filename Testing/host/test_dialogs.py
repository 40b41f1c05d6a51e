"""Qt's dialogs, answered by the test in place of a user."""

import pytest

from host import dialogs, messages


@pytest.fixture
def qt(an_application):
    import qt

    return qt


def test_a_message_box_is_recorded_and_answered(qt):
    messages.answers.append("reject")
    answers = [qt.QMessageBox.question(None, "Models", "Delete it?") for _ in range(2)]
    assert answers == [qt.QMessageBox.No, qt.QMessageBox.Yes]
    assert messages.shown[-1].text == "Delete it?" and messages.shown[-1].kind == "question"


def test_a_box_with_buttons_of_its_own_tells_which_was_clicked(qt):
    messages.answers.append("reject")
    box = qt.QMessageBox()
    box.setText("Keep the new model?")
    keep = box.addButton("Keep", qt.QMessageBox.AcceptRole)
    discard = box.addButton("Discard", qt.QMessageBox.RejectRole)
    box.exec_()
    assert box.clickedButton() == discard
    box.exec_()
    assert box.clickedButton() == keep


def test_texts_numbers_and_items_are_given_or_refused(qt):
    messages.inputs.extend(["mine", None, "b", None, 4, None])
    dialog = qt.QInputDialog
    assert dialog.getText(None, "Rename", "New name:", qt.QLineEdit.Normal, "old") == "mine"
    assert dialog.getText(None, "Rename", "New name:", qt.QLineEdit.Normal, "old") == ""
    assert dialog.getItem(None, "Model", "Which?", ["a", "b"], 0, False) == "b"
    assert dialog.getItem(None, "Model", "Which?", ["a", "b"], 0, False) == "a"
    assert dialog.getInt(None, "K", "Classes:", 3) == 4
    assert dialog.getDouble(None, "beta", "Weight:", 0.5) == 0.5
    assert messages.texts("question")[:1] == ["New name:"]


def test_files_and_folders_are_given_or_refused(qt, tmp_path):
    messages.inputs.extend([tmp_path / "a.json", None, [tmp_path / "b.json"], tmp_path])
    assert qt.QFileDialog.getOpenFileName(None, "Open", "", "Cards (*.json)") == str(tmp_path / "a.json")
    assert qt.QFileDialog.getSaveFileName(None, "Save") == ""
    assert qt.QFileDialog.getOpenFileNames(None, "Open") == (str(tmp_path / "b.json"),)
    assert qt.QFileDialog.getExistingDirectory(None, "Folder") == str(tmp_path)


def test_an_input_that_nobody_gives_is_an_error(qt):
    with pytest.raises(RuntimeError, match="New name"):
        qt.QInputDialog.getText(None, "Rename", "New name:")


def test_a_dialog_that_nobody_answers_is_closed_and_an_error(qt, an_application, monkeypatch):
    monkeypatch.setattr(dialogs, "seconds_to_answer", 0.01)
    dialog = qt.QDialog()
    dialog.windowTitle = "Study"
    assert dialog.exec_() == qt.QDialog.Rejected
    assert ["Study" in str(error) for error in an_application.forget_swallowed()] == [True]


def test_a_dialog_of_ones_own_is_acted_upon(qt):
    dialog = qt.QDialog()
    box = qt.QCheckBox("Tick", dialog)

    def tick_and_accept(shown):
        assert shown is dialog
        box.setChecked(True)
        return True

    messages.dialogs.append(tick_and_accept)
    assert dialog.exec_() == qt.QDialog.Accepted
    assert box.checked


def test_lists_trees_tabs_splitters_and_menus_work(qt):
    shown = qt.QListWidget()
    shown.addItem(qt.QListWidgetItem("Axial 87"))
    shown.item(0).setData(qt.Qt.UserRole, "id 1")
    shown.item(0).setCheckState(qt.Qt.Checked)
    shown.setCurrentRow(0)
    assert shown.count == 1 and shown.currentItem().data(qt.Qt.UserRole) == "id 1"
    tree = qt.QTreeWidget()
    tree.setHeaderLabels(["Model", "Date"])
    item = qt.QTreeWidgetItem(["mine", "today"])
    tree.addTopLevelItem(item)
    item.setCheckState(0, qt.Qt.Unchecked)
    assert tree.topLevelItem(0).text(1) == "today"
    tabs = qt.QTabWidget()
    tabs.addTab(qt.QWidget(), "Curve")
    splitter = qt.QSplitter()
    splitter.addWidget(tabs)
    assert tabs.count == 1 and splitter.count() == 1
    button, menu, chosen = qt.QToolButton(), qt.QMenu(), []
    action = menu.addAction("Rename")
    action.connect("triggered()", lambda: chosen.append("rename"))
    button.setMenu(menu)
    button.setPopupMode(qt.QToolButton.InstantPopup)
    action.trigger()
    assert chosen == ["rename"] and len(menu.actions()) == 1
