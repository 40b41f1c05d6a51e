"""qMRMLSegmentEditorWidget on the real logic: segments, effects, masks, undo. Painting itself is `host.painting`'s."""

from __future__ import annotations

import sys
from typing import Any

from PySide6 import QtCore, QtWidgets

from .base import stored
from .segment_editor_effect import qSlicerSegmentEditorAbstractEffect
from .segment_editor_nodes import SegmentEditorNodes
from .segment_editor_shortcuts import SegmentEditorShortcuts


def _shown(name: str, *parts: str) -> Any:
    """A property that says whether parts of the form are seen, and the slot that shows or hides them."""

    def get(self: Any) -> bool:
        return getattr(self.form, parts[0]).isVisible()

    def set_(self: Any, visible: bool) -> None:
        for part in parts:
            getattr(self.form, part).setVisible(visible)

    set_.__name__ = f"set{name[0].upper()}{name[1:]}"
    return QtCore.Property(bool, get, set_), set_


class qMRMLSegmentEditorWidget(SegmentEditorNodes):
    currentSegmentIDChanged = QtCore.Signal(str)

    autoShowMasterVolumeNode = stored("autoShowMasterVolumeNode", bool, True)
    defaultTerminologyEntry = stored("defaultTerminologyEntry", str, "")
    defaultTerminologyEntrySettingsKey = stored("defaultTerminologyEntrySettingsKey", str, "")
    effectButtonStyle = stored("effectButtonStyle", int, 3)
    effectColumnCount = stored("effectColumnCount", int, 2, "updateEffectList")
    jumpToSelectedSegmentEnabled = stored("jumpToSelectedSegmentEnabled", bool, False)
    maskingSectionVisible = stored("maskingSectionVisible", bool, True, "_show_masking_section")
    readOnly = stored("readOnly", bool, False, "_take_read_only")
    specifyGeometryButtonVisible = stored("specifyGeometryButtonVisible", bool, True)
    unorderedEffectsVisible = stored("unorderedEffectsVisible", bool, True, "updateEffectList")
    addRemoveSegmentButtonsVisible, setAddRemoveSegmentButtonsVisible = _shown(
        "addRemoveSegmentButtonsVisible", "add", "remove"
    )
    masterVolumeNodeSelectorVisible, setMasterVolumeNodeSelectorVisible = _shown(
        "masterVolumeNodeSelectorVisible", "volume", "volume_label"
    )
    segmentationNodeSelectorVisible, setSegmentationNodeSelectorVisible = _shown(
        "segmentationNodeSelectorVisible", "segmentation", "segmentation_label"
    )
    show3DButtonVisible, setShow3DButtonVisible = _shown("show3DButtonVisible", "show_3d")
    sourceVolumeNodeSelectorVisible, setSourceVolumeNodeSelectorVisible = _shown(
        "sourceVolumeNodeSelectorVisible", "volume", "volume_label"
    )
    switchToSegmentationsButtonVisible, setSwitchToSegmentationsButtonVisible = _shown(
        "switchToSegmentationsButtonVisible", "switch"
    )

    def __init__(self, parent: QtWidgets.QWidget = None) -> None:
        super().__init__(parent)
        self._order: list[str] = []
        self._active: Any = None
        self.last_active: Any = None
        self._shortcuts = SegmentEditorShortcuts(self)
        for effect in (None, *self.effects):
            self.form.add_effect(effect)
        self.updateEffectList()
        self._connect()

    def _connect(self) -> None:
        form = self.form
        form.table.selectionChanged.connect(self._take_selection)
        form.table.segmentAboutToBeModified.connect(lambda *_: self.saveStateForUndo())
        form.group.buttonClicked.connect(lambda button: self.setActiveEffectByName(button.objectName()))
        form.undo.clicked.connect(lambda: self.undo())
        form.redo.clicked.connect(lambda: self.redo())
        form.add.clicked.connect(lambda: self.logic.AddEmptySegment("", 0))
        form.remove.clicked.connect(lambda: self.logic.RemoveSelectedSegment())
        form.mask_mode.currentIndexChanged.connect(self._take_masking)
        form.overwrite_mode.currentIndexChanged.connect(self._take_masking)
        form.intensity.toggled.connect(lambda _: self._take_masking())
        self._observers.add(self.logic, self.logic.SegmentationHistoryChangedEvent, "show_undo")

    def show_state(self) -> None:
        self._show_segment()
        self._show_effect()
        self.show_undo()
        self.form.show_masking(self._node)

    # segments
    def _show_segment(self) -> None:
        selected = self._node.GetSelectedSegmentID() or ""
        segmentation = self._segmentation_node.GetSegmentation() if self._segmentation_node is not None else None
        is_there = segmentation is not None and segmentation.GetSegmentIndex(selected) >= 0
        self.form.remove.setEnabled(is_there and not self.readOnly)
        if is_there:
            self.form.table.setSelectedSegmentIDs([selected])
        else:
            self.form.table.clearSelection()

    def _take_selection(self, *_: Any) -> None:
        selected = (*self.form.table.selectedSegmentIDs(), "")[0]
        if self._node is None or selected == (self._node.GetSelectedSegmentID() or ""):
            return
        self._node.SetSelectedSegmentID(selected or None)
        if not selected and self._active is not None and self._active.perSegment:
            self.setActiveEffect(None)
        self.updateWidgetFromMRML()
        self.currentSegmentIDChanged.emit(selected)

    def currentSegmentID(self) -> str:
        return self.logic.GetCurrentSegmentID()

    def setCurrentSegmentID(self, segment_id: str) -> None:
        if self._node is not None:
            self._node.SetSelectedSegmentID(segment_id)

    def selectSegmentAtOffset(self, offset: int) -> None:
        self.logic.SelectSegmentAtOffset(offset, False)

    def selectNextSegment(self) -> None:
        self.selectSegmentAtOffset(1)

    def selectPreviousSegment(self) -> None:
        self.selectSegmentAtOffset(-1)

    # effects
    def availableEffectNames(self) -> list[str]:
        return [effect.name for effect in self.effects]

    def _displayed(self) -> list[Any]:
        ordered = [effect for name in self._order for effect in self.effects if effect.name == name]
        return ordered + [e for e in self.effects if self.unorderedEffectsVisible and e not in ordered]

    def effectCount(self) -> int:
        # the button for no effect counts
        return len(self._displayed()) + 1

    def effectByIndex(self, index: int) -> Any:
        return self._displayed()[index - 1] if 0 < index < self.effectCount() else None

    def effectByName(self, name: str) -> Any:
        return next((effect for effect in self.effects if effect.name == name), None)

    def updateEffectList(self) -> None:
        self.form.arrange_effects([effect.name for effect in self._displayed()], self.effectColumnCount)

    def setEffectNameOrder(self, order: list[str]) -> None:
        self._order = list(order)
        self.updateEffectList()

    def effectNameOrder(self) -> list[str]:
        return list(self._order)

    def setEffectColumnCount(self, count: int) -> None:
        self.effectColumnCount = count

    def setEffectButtonStyle(self, style: int) -> None:
        self.effectButtonStyle = style

    def activeEffect(self) -> Any:
        return self._active

    def setActiveEffect(self, effect: qSlicerSegmentEditorAbstractEffect | None) -> None:
        if self._node is not None:
            self._node.SetActiveEffectName(effect.name if effect is not None else "")
        elif effect is not None:
            print("setActiveEffect: Invalid segment editor parameter set node", file=sys.stderr)

    def setActiveEffectByName(self, name: str) -> None:
        self.setActiveEffect(self.effectByName(name))

    def _show_effect(self) -> None:
        """Activate the effect that the parameter node names; editing needs binary labelmaps."""
        can_edit = self._node.GetSourceVolumeNode() is not None and not self.readOnly
        self.form.effects_box.setEnabled(can_edit)
        self.form.options_box.setEnabled(can_edit)
        wanted = self.effectByName(self._node.GetActiveEffectName() or "")
        if wanted is self._active:
            return
        if self._active is not None:
            self._active.deactivate()
        if wanted is not None and not self._to_labelmaps():
            wanted = None
        if wanted is not None:
            wanted.activate()
        self.form.buttons[wanted.name if wanted is not None else "NULL"].setChecked(True)
        self.form.options_box.setVisible(wanted is not None)
        self.form.options_box.setTitle(wanted.title if wanted is not None else "")
        self.last_active, self._active = self._active, wanted
        self._show_masking_section()

    def _to_labelmaps(self) -> bool:
        if self.logic.CanTriviallyConvertSourceRepresentationToBinaryLabelMap():
            return self.logic.TrivialSetSourceRepresentationToBinaryLabelmap()
        return self._segmentation_node is not None and self.logic.SetSourceRepresentationToBinaryLabelMap()

    # masking
    def _show_masking_section(self) -> None:
        self.form.masking_box.setVisible(self._active is not None and self.maskingSectionVisible)

    def _take_masking(self, *_: Any) -> None:
        if self._node is None:
            return
        mask = self.form.mask_mode.currentData()
        if isinstance(mask, str):
            self._node.SetMaskSegmentID(mask)
            mask = self._segmentation_node.EditAllowedInsideSingleSegment
        self._node.SetMaskMode(mask)
        self._node.SetOverwriteMode(self.form.overwrite_mode.currentData())
        self._node.SetSourceVolumeIntensityMask(self.form.intensity.isChecked())

    def setMaskingSectionVisible(self, visible: bool) -> None:
        self.maskingSectionVisible = visible

    def toggleSourceVolumeIntensityMaskEnabled(self) -> None:
        self.logic.ToggleSourceVolumeIntensityMask()

    # undo
    def saveStateForUndo(self) -> None:
        self.logic.SaveStateForUndo()

    def undo(self) -> None:
        self.logic.Undo()

    def redo(self) -> None:
        self.logic.Redo()

    def show_undo(self) -> None:
        self.form.undo.setEnabled(not self.readOnly and self.logic.CanUndo())
        self.form.redo.setEnabled(not self.readOnly and self.logic.CanRedo())

    def setUndoEnabled(self, enabled: bool) -> None:
        if enabled:
            self.logic.ClearUndoState()
        self.form.undo_box.setVisible(enabled)

    def setMaximumNumberOfUndoStates(self, count: int) -> None:
        self.logic.SetMaximumNumberOfUndoStates(count)

    undoEnabled = QtCore.Property(bool, lambda self: self.form.undo_box.isVisible(), setUndoEnabled)
    maximumNumberOfUndoStates = QtCore.Property(
        int, lambda self: self.logic.GetMaximumNumberOfUndoStates(), setMaximumNumberOfUndoStates
    )

    # the rest
    def _take_read_only(self) -> None:
        if self.readOnly:
            self.setActiveEffect(None)
        self.form.table.setReadOnly(self.readOnly)
        self.updateWidgetFromMRML()

    def setReadOnly(self, read_only: bool) -> None:
        self.readOnly = read_only

    def setSpecifyGeometryButtonVisible(self, visible: bool) -> None:
        self.specifyGeometryButtonVisible = visible

    def setAutoShowSourceVolumeNode(self, show: bool) -> None:
        self.autoShowSourceVolumeNode = show

    def setJumpToSelectedSegmentEnabled(self, enabled: bool) -> None:
        self.jumpToSelectedSegmentEnabled = enabled

    def installKeyboardShortcuts(self, parent: QtWidgets.QWidget = None) -> None:
        self._shortcuts.install(parent)

    def uninstallKeyboardShortcuts(self) -> None:
        self._shortcuts.uninstall()

    def setupViewObservations(self) -> None:
        """There are no mouse events to observe."""

    def removeViewObservations(self) -> None:
        """See `setupViewObservations`."""
