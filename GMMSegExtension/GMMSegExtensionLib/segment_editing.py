"""Slicer's Segment Editor inside the panel, set up so that the classes always share out the brain among them."""

from __future__ import annotations

import qt
import slicer
import vtk
from slicer.util import VTKObservationMixin

from . import surfaces
from .scene import SegmentationOutputs
from .tissues import isClass
from .tooltips import paragraphs
from .undo_log import isInScene

_TAG = "GMMSegExtension"
# Only effects that add to the chosen class. Erase, Scissors, Islands, Smoothing, Margin and Threshold can leave brain
# voxels without a class, and such a hole could not be painted again: brushes end where no class is. To take a voxel
# from a class is to paint it with another.
_EFFECTS = ("Paint", "Draw", "Level tracing")
_UNDO_STEPS = 20
_TABLE_HEIGHT = 140


class EmbeddedEditor(VTKObservationMixin):
    """An editor of the results, made when it is first needed: that takes a while.

    It has a parameter node of its own, so that the Segment Editor module keeps its settings and this one does not get
    them.

    :param frame: the widget to put it into; it has a layout.
    """

    def __init__(self, frame) -> None:
        super().__init__()
        self._frame = frame
        self._editor = None
        self._report = None
        self._edited: tuple = ()
        self._isReadOnly = False
        self._shortcuts: list = []

    @property
    def widget(self):
        """The qMRMLSegmentEditorWidget, None before :meth:`open`."""
        return self._editor

    def open(self) -> None:
        """Make the editor unless it is there."""
        if self._editor is not None:
            return
        editor = slicer.qMRMLSegmentEditorWidget(self._frame)
        # Before it gets its volume, else it would change what the slice views show.
        editor.setAutoShowSourceVolumeNode(False)
        editor.setMRMLScene(slicer.mrmlScene)
        editor.setSegmentationNodeSelectorVisible(False)
        editor.setSourceVolumeNodeSelectorVisible(False)
        editor.setAddRemoveSegmentButtonsVisible(False)
        editor.setSwitchToSegmentationsButtonVisible(False)
        editor.setSpecifyGeometryButtonVisible(False)
        editor.setShow3DButtonVisible(False)
        editor.setMaskingSectionVisible(False)
        editor.setEffectNameOrder(list(_EFFECTS))
        editor.unorderedEffectsVisible = False
        editor.setMaximumNumberOfUndoStates(_UNDO_STEPS)
        # Its table of segments takes what height it gets; in this, three classes and a few of the user's own are seen.
        for table in slicer.util.findChildren(editor, "SegmentsTableView"):
            table.setMaximumHeight(_TABLE_HEIGHT)
        self._frame.layout().addWidget(editor)
        self._editor = editor
        editor.setReadOnly(self._isReadOnly)
        self._addShortcuts()

    def show(self, inputVolume, outputs: SegmentationOutputs | None) -> None:
        """Edit ``outputs``, on the corrected image when there is one; None lets go of all nodes."""
        editor = self._editor
        if editor is None:
            return
        if outputs is None:
            self._letGo()
            return
        if self._report != outputs.report:
            # Another run has replaced the segments: undoing strokes on the old ones would bring those back.
            editor.setUndoEnabled(True)  # which forgets the strokes
            self._report = outputs.report
        self._edited = ()
        node = _editorNode()
        if editor.mrmlSegmentEditorNode() is not node:
            editor.setMRMLSegmentEditorNode(node)
        self.removeObservers(self._restrict)
        self.addObserver(node, vtk.vtkCommand.ModifiedEvent, self._restrict)
        self._restrict(node)
        # The node is asked, not the editor: that answers with what its hidden selector has chosen by itself.
        if node.GetSegmentationNode() is not outputs.segmentation:
            editor.setSegmentationNode(outputs.segmentation)
        volume = outputs.correctedVolumes[0] if outputs.correctedVolumes else inputVolume
        if node.GetSourceVolumeNode() is not volume:
            editor.setSourceVolumeNode(volume)
        self._edited = (outputs.segmentation, volume)

    def setReadOnly(self, reason: str) -> None:
        """Let nobody edit for now, for the reason in the tooltip; an empty one lets the user edit again."""
        if self._isReadOnly == bool(reason):
            return
        self._isReadOnly = bool(reason)
        self._frame.toolTip = paragraphs(reason)
        if self._editor is not None:
            self._putBrushAway()
            self._editor.setReadOnly(self._isReadOnly)

    def enter(self) -> None:
        """Listen to the mouse in the views again."""
        if self._editor is not None:
            self._editor.setupViewObservations()

    def exit(self) -> None:
        """Put the brush away: the views belong to another module."""
        if self._editor is not None:
            self._putBrushAway()
            self._editor.removeViewObservations()

    def close(self) -> None:
        """Give the editor up; alive when the application ends it would crash it."""
        if self._editor is None:
            return
        self.exit()
        self._letGo()
        self._shortcuts.clear()
        editor, self._editor = self._editor, None
        editor.setMRMLScene(None)
        self._frame.layout().removeWidget(editor)
        editor.deleteLater()

    def _putBrushAway(self) -> None:
        if self._editor.mrmlSegmentEditorNode() is not None:
            self._editor.setActiveEffect(None)

    def _letGo(self) -> None:
        self._report = None
        self._edited = ()
        self.removeObservers()
        self._editor.setSegmentationNode(None)
        self._editor.setSourceVolumeNode(None)
        self._editor.setMRMLSegmentEditorNode(None)

    def _addShortcuts(self) -> None:
        """The editor's own keys for undoing strokes. The rest of its keys stay off: one of them switches a mask on that
        nobody would see here."""
        for key, action in (("Z", self._onUndo), ("Y", self._onRedo)):
            # They work in the whole window, and only while the editor is seen.
            shortcut = qt.QShortcut(qt.QKeySequence(key), self._editor)
            shortcut.connect("activated()", action)
            self._shortcuts.append(shortcut)

    def _onUndo(self) -> None:
        if not self._isReadOnly:
            self._editor.undo()

    def _onRedo(self) -> None:
        if not self._isReadOnly:
            self._editor.redo()

    def _restrict(self, node, _event=None) -> None:
        """Let brushes act inside the brain only, which is where the classes are. A class takes its voxels from the
        others; a segment that the user added lies over them and takes none, else it would punch holes."""
        self._holdOn(node)
        chosen = node.GetSelectedSegmentID()
        isOwn = bool(chosen) and not isClass(chosen)
        with slicer.util.NodeModify(node):
            node.SetMaskMode(slicer.vtkMRMLSegmentationNode.EditAllowedInsideAllSegments)
            node.SetSourceVolumeIntensityMask(False)
            node.SetOverwriteMode(node.OverwriteNone if isOwn else node.OverwriteAllSegments)
        if node.GetSegmentationNode() is not None:
            follow = surfaces.putAway if node.GetActiveEffectName() else surfaces.bringBack
            follow(node.GetSegmentationNode())

    def _holdOn(self, node) -> None:
        """Edit what was shown last: when a scene was read, or a node was removed, the editor's hidden selectors choose
        another by themselves, and it would go on with that."""
        if not self._edited or not all(map(isInScene, self._edited)):
            return
        segmentation, volume = self._edited
        if node.GetSegmentationNode() is not segmentation:
            node.SetAndObserveSegmentationNode(segmentation)
        if node.GetSourceVolumeNode() is not volume:
            node.SetAndObserveSourceVolumeNode(volume)


def _editorNode():
    """This module's own editor node, made anew when the scene was closed."""
    node = slicer.mrmlScene.GetSingletonNode(_TAG, "vtkMRMLSegmentEditorNode")
    if node is None:
        node = slicer.vtkMRMLSegmentEditorNode()
        node.SetSingletonTag(_TAG)
        # Reading a scene into this one would merge its node into ours, and edit its segments.
        node.SetSaveWithScene(False)
        node = slicer.mrmlScene.AddNode(node)
    return node
