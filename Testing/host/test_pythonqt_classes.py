"""Some Qt classes in Python at work."""

import gc

from host import pythonqt

pythonqt.application()
qt = pythonqt.qt_module()
ctk = pythonqt.ctk_module()


def test_a_table_shows_items():
    table = qt.QTableWidget(2, 3)
    item = qt.QTableWidgetItem("702 ml")
    table.setItem(0, 1, item)
    table.setHorizontalHeaderLabels(["Tissue", "Volume", "Share"])
    table.horizontalHeader().setSectionResizeMode(qt.QHeaderView.ResizeToContents)
    assert table.item(0, 1) is item and table.item(0, 1).text() == "702 ml"
    assert table.item(1, 1) is None
    assert (table.rowCount, table.columnCount) == (2, 3)
    item.setFlags(qt.Qt.ItemIsEnabled)
    assert item.flags() == qt.Qt.ItemIsEnabled


def test_a_process_gives_its_output_as_bytes():
    import sys

    process = qt.QProcess()
    process.start(sys.executable, ["-c", "print('ready')"])
    assert process.waitForFinished(20000)
    assert process.readAllStandardOutput().data().strip() == b"ready"
    assert process.exitCode() == 0
    assert process.state() == qt.QProcess.NotRunning


def test_settings_keep_values(tmp_path):
    settings = qt.QSettings(str(tmp_path / "settings.ini"), qt.QSettings.IniFormat)
    settings.setValue("GMMSegExtension/preset", "default")
    assert settings.value("GMMSegExtension/preset") == "default"
    assert settings.value("nothing", 7) == 7
    assert settings.contains("GMMSegExtension/preset")


def test_a_combo_box_has_data():
    box = qt.QComboBox()
    box.addItem("Train on this scan", "train")
    box.addItem("Classical EM", "em")
    box.currentIndex = 1
    assert (box.count, box.currentText, box.itemData(1), box.findData("em")) == (2, "Classical EM", "em", 1)
    assert box.currentData == "em"


def test_icons_pixmaps_and_shortcuts_work(a_button, tmp_path):
    pixmap = qt.QPixmap(16, 16)
    pixmap.fill(qt.QColor(10, 20, 30))
    a_button.setIcon(qt.QIcon(pixmap))
    assert a_button.icon.isNull() is False
    shortcut = qt.QShortcut(qt.QKeySequence("Ctrl+G"), a_button)
    assert shortcut.key.toString() == "Ctrl+G"
    assert a_button.grab().save(str(tmp_path / "button.png"))


def test_widgets_in_layouts_belong_to_the_widget_of_the_layout():
    def rows():
        column, row, form = qt.QVBoxLayout(), qt.QHBoxLayout(), qt.QFormLayout()
        row.addWidget(qt.QLabel("gamma"))
        form.addRow("K", qt.QSpinBox())
        column.addLayout(row)
        column.addLayout(form)
        return column

    widget = qt.QWidget()
    widget.setLayout(rows())
    gc.collect()
    assert [label.text for label in widget.findChildren("QLabel")] == ["gamma", "K"]
    assert widget.layout().count() == 2


def test_a_dialog_returns_its_result():
    dialog = qt.QDialog()
    qt.QTimer.singleShot(0, dialog.accept)
    assert dialog.exec_() == qt.QDialog.Accepted


def test_find_child_takes_a_class_name_or_class():
    widget = qt.QWidget()
    inner = qt.QWidget(widget)
    button = qt.QPushButton(inner)
    button.objectName = "apply"
    assert widget.findChild("QPushButton", "apply") is button
    assert widget.findChild(qt.QPushButton) is button
    assert widget.findChildren("QWidget") == (inner, button)
    assert widget.findChild("QLabel") is None
