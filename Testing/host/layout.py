"""Layout manager: the views of real MRML layout nodes, one for each view node that a layout has ever asked for."""

from __future__ import annotations

import slicer
import vtk
from PySide6 import QtWidgets

from host import pythonqt
from host.facade import Signal
from host.pythonqt.widgets import qMRMLPlotWidget
from host.views import NeverRendered, qMRMLSliceWidget, qMRMLTableWidget, qMRMLThreeDWidget

_SLICE, _THREE_D, _PLOT, _TABLE = (
    "vtkMRMLSliceNode",
    "vtkMRMLViewNode",
    "vtkMRMLPlotViewNode",
    "vtkMRMLTableViewNode",
)


class qSlicerLayoutManager(
    NeverRendered,
    listed="slicer.app.layoutManager()",
    signals=(
        "layoutChanged(int)",
        "activeMRMLThreeDViewNodeChanged(vtkMRMLViewNode*)",
        "activeMRMLPlotViewNodeChanged(vtkMRMLPlotViewNode*)",
    ),
):
    """Views exist for the nodes that the MRML layout logic has put into the current layout, and for earlier ones."""

    layoutChanged: Signal

    def __init__(self, environment) -> None:
        super().__init__()
        self._environment = environment
        self._viewport = QtWidgets.QWidget()
        self._views: dict[str, tuple] = {}
        self._slice_logics, self._view_logics = vtk.vtkCollection(), vtk.vtkCollection()
        environment.application_logic.SetSliceLogics(self._slice_logics)
        environment.application_logic.SetViewLogics(self._view_logics)
        self._makers = {
            _SLICE: self._make_slice_widget,
            _THREE_D: self._make_three_d_widget,
            _PLOT: self._make_plot_widget,
            _TABLE: qMRMLTableWidget,
        }
        self._layout_logic = slicer.vtkMRMLLayoutLogic()
        self._layout_logic.SetMRMLApplicationLogic(environment.application_logic)
        self._layout_logic.SetMRMLScene(environment.scene)
        self._node = self._layout_logic.GetLayoutNode()
        self._tag = self._node.AddObserver("ModifiedEvent", self._on_layout_modified)
        self._arrangement = self._node.GetViewArrangement()
        self.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView)

    def _on_layout_modified(self, *_) -> None:
        self._make_views()
        if self._node.GetViewArrangement() != self._arrangement:
            self._arrangement = self._node.GetViewArrangement()
            self.layoutChanged.emit(self._arrangement)

    def _make_views(self) -> None:
        for node in self._layout_logic.GetViewNodes():
            make = self._makers.get(node.GetClassName())
            if make is not None and node.GetID() not in self._views:
                self._views[node.GetID()] = (node, make(node))

    def _make_slice_widget(self, node) -> qMRMLSliceWidget:
        logic = self._with_scene(slicer.vtkMRMLSliceLogic())
        logic.SetSliceNode(node)
        self._slice_logics.AddItem(logic)
        return qMRMLSliceWidget(node, logic)

    def _make_three_d_widget(self, node) -> qMRMLThreeDWidget:
        logic = self._with_scene(slicer.vtkMRMLViewLogic())
        logic.AddViewNode(node.GetLayoutName())
        self._view_logics.AddItem(logic)
        return qMRMLThreeDWidget(node, logic)

    def _make_plot_widget(self, node):
        widget = qMRMLPlotWidget(self._viewport)
        widget.hide()
        widget.setMRMLScene(self._environment.scene)
        widget.setMRMLPlotViewNode(node)
        return pythonqt.wrap(widget)

    def _with_scene(self, logic):
        logic.SetMRMLApplicationLogic(self._environment.application_logic)
        logic.SetMRMLScene(self._environment.scene)
        return logic

    def _of_kind(self, class_name: str) -> list[tuple]:
        """(node, widget) of the views whose node is still in the scene."""
        return [view for view in self._views.values() if view[0].IsA(class_name) and view[0].GetScene() is not None]

    def _nth(self, class_name: str, index: int):
        views = self._of_kind(class_name)
        return views[index][1] if 0 <= index < len(views) else None

    def _named(self, class_name: str, name: str):
        return next((widget for node, widget in self._of_kind(class_name) if node.GetLayoutName() == name), None)

    # layout
    def layoutLogic(self):
        return self._layout_logic

    def mrmlScene(self):
        return self._environment.scene

    def mrmlSliceLogics(self):
        return self._slice_logics

    def mrmlViewLogics(self):
        return self._view_logics

    def mrmlColorLogic(self):
        return self._environment.application_logic.GetColorLogic()

    def setLayout(self, layout: int) -> None:
        self._node.SetViewArrangement(layout)

    @property
    def layout(self) -> int:
        return self._node.GetViewArrangement()

    @layout.setter
    def layout(self, value: int) -> None:
        self.setLayout(value)

    def setLayoutNumberOfCompareViewRows(self, count: int) -> None:
        self._node.SetNumberOfCompareViewRows(count)

    def setLayoutNumberOfCompareViewColumns(self, count: int) -> None:
        self._node.SetNumberOfCompareViewColumns(count)

    def addMaximizedViewNode(self, node) -> None:
        self._node.AddMaximizedViewNode(node)

    def removeMaximizedViewNode(self, node) -> None:
        self._node.RemoveMaximizedViewNode(node)

    def removeAllMaximizedViewNodes(self) -> None:
        self._node.RemoveAllMaximizedViewNodes()

    # views
    def sliceViewNames(self) -> tuple[str, ...]:
        return tuple(node.GetLayoutName() for node, _ in self._of_kind(_SLICE))

    def sliceWidget(self, name: str):
        return self._named(_SLICE, name)

    def threeDWidget(self, which: int | str):
        return self._nth(_THREE_D, which) if isinstance(which, int) else self._named(_THREE_D, which)

    def plotWidget(self, index: int):
        return self._nth(_PLOT, index)

    def tableWidget(self, index: int):
        return self._nth(_TABLE, index)

    def viewWidget(self, node):
        """The widget of a view node; None where no layout has asked for it."""
        return self._views.get(node.GetID(), (node, None))[1]

    def viewWidgets(self) -> tuple:
        return tuple(widget for node, widget in self._views.values() if node.GetScene() is not None)

    @property
    def threeDViewCount(self) -> int:
        return len(self._of_kind(_THREE_D))

    @property
    def plotViewCount(self) -> int:
        return len(self._of_kind(_PLOT))

    @property
    def tableViewCount(self) -> int:
        return len(self._of_kind(_TABLE))

    def _first_node(self, class_name: str):
        return next((node for node, _ in self._of_kind(class_name)), None)

    def activeMRMLThreeDViewNode(self):
        return self._first_node(_THREE_D)

    def activeMRMLPlotViewNode(self):
        return self._first_node(_PLOT)

    def activeMRMLTableViewNode(self):
        return self._first_node(_TABLE)

    def resetSliceViews(self) -> None:
        for _, widget in self._of_kind(_SLICE):
            widget.sliceLogic().FitSliceToBackground()

    def resetThreeDViews(self) -> None:
        for _, widget in self._of_kind(_THREE_D):
            widget.threeDView().resetFocalPoint()

    def _close(self) -> None:
        self._node.RemoveObserver(self._tag)
        self._views.clear()
        self._slice_logics.RemoveAllItems()
        self._view_logics.RemoveAllItems()
        self._layout_logic.SetMRMLScene(None)
