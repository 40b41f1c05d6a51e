"""The parts that the segment editor shows, with the names they have in Slicer."""

from __future__ import annotations

from typing import Any

from PySide6 import QtCore, QtWidgets
from slicer import vtkMRMLSegmentationNode, vtkMRMLSegmentEditorNode

from .node_combo_box import qMRMLNodeComboBox
from .segments_table import qMRMLSegmentsTableView
from .show_3d_button import qMRMLSegmentationShow3DButton

_MASK_MODES = (
    ("Everywhere", vtkMRMLSegmentationNode.EditAllowedEverywhere),
    ("Inside all segments", vtkMRMLSegmentationNode.EditAllowedInsideAllSegments),
    ("Inside all visible segments", vtkMRMLSegmentationNode.EditAllowedInsideVisibleSegments),
    ("Outside all segments", vtkMRMLSegmentationNode.EditAllowedOutsideAllSegments),
    ("Outside all visible segments", vtkMRMLSegmentationNode.EditAllowedOutsideVisibleSegments),
)
_OVERWRITE_MODES = (
    ("All segments", vtkMRMLSegmentEditorNode.OverwriteAllSegments),
    ("Visible segments", vtkMRMLSegmentEditorNode.OverwriteVisibleSegments),
    ("None", vtkMRMLSegmentEditorNode.OverwriteNone),
)


class SegmentEditorForm:
    """Builds the parts into an editor and lays out the buttons of its effects."""

    def __init__(self, editor: QtWidgets.QWidget) -> None:
        self.editor = editor
        self.layout = QtWidgets.QVBoxLayout(editor)
        self.layout.setContentsMargins(0, 0, 0, 0)
        self._add_selectors()
        self._add_segments()
        self._add_effects()
        self._add_options()

    def named(self, part: Any, name: str) -> Any:
        part.setObjectName(name)
        return part

    def _add_selectors(self) -> None:
        grid = QtWidgets.QGridLayout()
        self.segmentation_label = self.named(QtWidgets.QLabel("Segmentation:"), "SegmentationNodeLabel")
        self.segmentation = self.named(qMRMLNodeComboBox(self.editor), "SegmentationNodeComboBox")
        self.segmentation.nodeTypes = ["vtkMRMLSegmentationNode"]
        self.segmentation.renameEnabled = True
        self.volume_label = self.named(QtWidgets.QLabel("Source volume:"), "SourceVolumeNodeLabel")
        self.volume = self.named(qMRMLNodeComboBox(self.editor), "SourceVolumeNodeComboBox")
        self.volume.nodeTypes = ["vtkMRMLScalarVolumeNode"]
        self.volume.noneEnabled = self.volume.renameEnabled = True
        self.volume.addEnabled = False
        self.volume.noneDisplay = "Select source volume to enable editing"
        for row, parts in enumerate(((self.segmentation_label, self.segmentation), (self.volume_label, self.volume))):
            grid.addWidget(parts[0], row, 0)
            grid.addWidget(parts[1], row, 1)
        grid.setColumnStretch(1, 1)
        self.layout.addLayout(grid)

    def _add_segments(self) -> None:
        row = QtWidgets.QHBoxLayout()
        self.add = self.named(QtWidgets.QPushButton("Add"), "AddSegmentButton")
        self.remove = self.named(QtWidgets.QPushButton("Remove"), "RemoveSegmentButton")
        self.show_3d = self.named(qMRMLSegmentationShow3DButton(self.editor), "Show3DButton")
        self.switch = self.named(QtWidgets.QToolButton(), "SwitchToSegmentationsButton")
        self.switch.setText("Segmentations...")
        for button in (self.add, self.remove, self.show_3d, self.switch):
            row.addWidget(button)
            button.setEnabled(False)
        self.layout.addLayout(row)
        self.table = self.named(qMRMLSegmentsTableView(self.editor), "SegmentsTableView")
        self.table.setSelectionMode(QtWidgets.QAbstractItemView.SelectionMode.SingleSelection.value)
        self.table.opacityColumnVisible = False
        self.layout.addWidget(self.table)

    def _add_effects(self) -> None:
        self.effects_box = self.named(QtWidgets.QFrame(), "EffectsGroupBox")
        QtWidgets.QGridLayout(self.effects_box).setContentsMargins(0, 0, 0, 0)
        self.effects_box.setEnabled(False)
        self.buttons: dict[str, QtWidgets.QToolButton] = {}
        self.group = QtWidgets.QButtonGroup(self.editor)
        self.undo_box = self.named(QtWidgets.QFrame(), "UndoRedoGroupBox")
        row = QtWidgets.QHBoxLayout(self.undo_box)
        row.setContentsMargins(0, 0, 0, 0)
        self.undo, self.redo = QtWidgets.QToolButton(), QtWidgets.QToolButton()
        for button, name in ((self.undo, "Undo"), (self.redo, "Redo")):
            self.named(button, f"{name}Button").setText(name)
            button.setEnabled(False)
            row.addWidget(button)
        row.addStretch(1)
        self.layout.addWidget(self.effects_box)
        self.layout.addWidget(self.undo_box)

    def _add_options(self) -> None:
        self.options_box = self.named(QtWidgets.QGroupBox(), "OptionsGroupBox")
        self.options = self.named(QtWidgets.QFrame(), "EffectsOptionsFrame")
        QtWidgets.QVBoxLayout(self.options).setContentsMargins(0, 0, 0, 0)
        QtWidgets.QVBoxLayout(self.options_box).addWidget(self.options)
        self.masking_box = self.named(QtWidgets.QGroupBox("Masking"), "MaskingGroupBox")
        form = QtWidgets.QFormLayout(self.masking_box)
        form.setContentsMargins(4, 4, 4, 4)
        self.mask_mode = self.named(QtWidgets.QComboBox(), "MaskModeComboBox")
        self.overwrite_mode = self.named(QtWidgets.QComboBox(), "OverwriteModeComboBox")
        for combo, modes in ((self.mask_mode, _MASK_MODES), (self.overwrite_mode, _OVERWRITE_MODES)):
            for text, mode in modes:
                combo.addItem(text, int(mode))
        narrow = QtWidgets.QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        self.mask_mode.setSizeAdjustPolicy(narrow)
        self.intensity = self.named(QtWidgets.QCheckBox(), "SourceVolumeIntensityMaskCheckBox")
        form.addRow("Editable area:", self.mask_mode)
        form.addRow("Editable intensity range:", self.intensity)
        form.addRow("Modify other segments:", self.overwrite_mode)
        for box in (self.options_box, self.masking_box):
            self.layout.addWidget(box)
            box.hide()

    def add_effect(self, effect: Any | None) -> None:
        """A button for an effect, and a place for its options; None is the effect that does nothing."""
        name = effect.name if effect is not None else "NULL"
        button = self.named(QtWidgets.QToolButton(self.effects_box), name)
        button.setText(name if effect is not None else "None")
        button.setCheckable(True)
        button.setChecked(effect is None)
        button.setSizePolicy(QtWidgets.QSizePolicy.Policy.Minimum, QtWidgets.QSizePolicy.Policy.Preferred)
        self.group.addButton(button)
        self.buttons[name] = button
        if effect is not None:
            self.options.layout().addWidget(effect.optionsFrame())

    def arrange_effects(self, shown: list[str], columns: int) -> None:
        """Lay out the buttons of the effects that are to be seen, the one for none first."""
        grid = self.effects_box.layout()
        while grid.count():
            grid.takeAt(0)
        for button in self.buttons.values():
            button.hide()
        for index, name in enumerate(["NULL", *shown]):
            grid.addWidget(self.buttons[name], *divmod(index, max(columns, 1)))
            self.buttons[name].show()

    def list_mask_segments(self, segmentation: Any | None) -> None:
        """Offer each segment as the area that may be edited."""
        blocker = QtCore.QSignalBlocker(self.mask_mode)
        while self.mask_mode.count() > len(_MASK_MODES):
            self.mask_mode.removeItem(self.mask_mode.count() - 1)
        for segment_id in segmentation.GetSegmentIDs() if segmentation is not None else ():
            self.mask_mode.addItem(f"Inside {segmentation.GetSegment(segment_id).GetName()}", segment_id)
        blocker.unblock()

    def show_masking(self, node: Any) -> None:
        """Show what a parameter node says of masking."""
        blockers = [QtCore.QSignalBlocker(part) for part in (self.mask_mode, self.overwrite_mode, self.intensity)]
        inside_one = node.GetMaskMode() == vtkMRMLSegmentationNode.EditAllowedInsideSingleSegment
        mask = node.GetMaskSegmentID() if inside_one else node.GetMaskMode()
        self.mask_mode.setCurrentIndex(self.mask_mode.findData(mask))
        self.overwrite_mode.setCurrentIndex(self.overwrite_mode.findData(node.GetOverwriteMode()))
        self.intensity.setChecked(bool(node.GetSourceVolumeIntensityMask()))
        for blocker in blockers:
            blocker.unblock()
