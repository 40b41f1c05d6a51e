"""Layout manager and views: real MRML layout, slice and view nodes and logics, nothing drawn."""

from __future__ import annotations

import slicer
import vtk

from host.facade import Facade, Signal


class qMRMLSliceView(Facade, listed="qMRMLSliceView"):
    def __init__(self, node) -> None:
        super().__init__()
        self._node = node

    def mrmlSliceNode(self):
        return self._node

    def forceRender(self) -> None:
        pass

    def scheduleRender(self) -> None:
        pass


class qMRMLSliceWidget(Facade, listed="qMRMLSliceWidget"):
    """A slice view with its logic, which is real: it reslices and fits."""

    def __init__(self, node, logic) -> None:
        super().__init__()
        self._node = node
        self._logic = logic
        self._view = qMRMLSliceView(node)

    def sliceLogic(self):
        return self._logic

    def mrmlSliceNode(self):
        return self._node

    def mrmlSliceCompositeNode(self):
        return self._logic.GetSliceCompositeNode()

    def sliceView(self):
        return self._view

    def fitSliceToBackground(self) -> None:
        self._logic.FitSliceToBackground()


class qMRMLThreeDView(Facade, listed="qMRMLThreeDView"):
    def __init__(self, node) -> None:
        super().__init__()
        self._node = node

    def mrmlViewNode(self):
        return self._node

    def forceRender(self) -> None:
        pass

    def resetFocalPoint(self) -> None:
        pass

    def resetCamera(self) -> None:
        pass


class qMRMLThreeDWidget(Facade, listed="qMRMLThreeDWidget"):
    def __init__(self, node, logic=None) -> None:
        super().__init__()
        self._node = node
        self._view = qMRMLThreeDView(node)

    def mrmlViewNode(self):
        return self._node

    def threeDView(self):
        return self._view


class qMRMLPlotView(Facade, listed="qMRMLPlotView"):
    def __init__(self, node) -> None:
        super().__init__()
        self._node = node

    def fitToContent(self) -> None:
        pass

    def repaint(self) -> None:
        pass


class qMRMLPlotWidget(Facade, listed="qMRMLPlotWidget"):
    def __init__(self, node, logic=None) -> None:
        super().__init__()
        self._node = node
        self._view = qMRMLPlotView(node)

    def mrmlPlotViewNode(self):
        return self._node

    def plotView(self):
        return self._view


_WIDGETS = {
    "vtkMRMLSliceNode": qMRMLSliceWidget,
    "vtkMRMLViewNode": qMRMLThreeDWidget,
    "vtkMRMLPlotViewNode": qMRMLPlotWidget,
}


class qSlicerLayoutManager(Facade, listed="slicer.app.layoutManager()", signals=("layoutChanged",)):
    """Views exist for the nodes that the MRML layout logic has put into the current layout, and for earlier ones."""

    layoutChanged: Signal

    def __init__(self, environment) -> None:
        super().__init__()
        self._environment = environment
        self._widgets: dict[str, Facade] = {}
        self._slice_logics = vtk.vtkCollection()
        environment.application_logic.SetSliceLogics(self._slice_logics)
        self._layout_logic = slicer.vtkMRMLLayoutLogic()
        self._layout_logic.SetMRMLApplicationLogic(environment.application_logic)
        self._layout_logic.SetMRMLScene(environment.scene)
        self._node = self._layout_logic.GetLayoutNode()
        self._tag = self._node.AddObserver("ModifiedEvent", self._on_layout_modified)
        self._arrangement = self._node.GetViewArrangement()
        self.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView)

    def _on_layout_modified(self, *_) -> None:
        self._make_widgets()
        if self._node.GetViewArrangement() != self._arrangement:
            self._arrangement = self._node.GetViewArrangement()
            self.layoutChanged.emit(self._arrangement)

    def _make_widgets(self) -> None:
        nodes = self._layout_logic.GetViewNodes()
        for node in (nodes.GetItemAsObject(index) for index in range(nodes.GetNumberOfItems())):
            kind = _WIDGETS.get(node.GetClassName())
            if kind and node.GetID() not in self._widgets:
                logic = self._slice_logic(node) if kind is qMRMLSliceWidget else None
                self._widgets[node.GetID()] = kind(node, logic)

    def _slice_logic(self, node):
        logic = slicer.vtkMRMLSliceLogic()
        logic.SetMRMLApplicationLogic(self._environment.application_logic)
        logic.SetMRMLScene(self._environment.scene)
        logic.SetSliceNode(node)
        self._slice_logics.AddItem(logic)
        return logic

    def _of_kind(self, kind: type) -> list[Facade]:
        return [widget for widget in self._widgets.values() if type(widget) is kind]

    def _find(self, kind: type, which):
        """View by number or by name; None when there is none."""
        if isinstance(which, int):
            widgets = self._of_kind(kind)
            return widgets[which] if 0 <= which < len(widgets) else None
        return next((w for w in self._of_kind(kind) if w._node.GetLayoutName() == which), None)

    def layoutLogic(self):
        return self._layout_logic

    def mrmlScene(self):
        return self._environment.scene

    def mrmlSliceLogics(self):
        return self._slice_logics

    def setLayout(self, layout: int) -> None:
        self._node.SetViewArrangement(layout)

    @property
    def layout(self) -> int:
        return self._node.GetViewArrangement()

    @layout.setter
    def layout(self, value: int) -> None:
        self.setLayout(value)

    def sliceViewNames(self) -> tuple[str, ...]:
        return tuple(widget._node.GetLayoutName() for widget in self._of_kind(qMRMLSliceWidget))

    def sliceWidget(self, name: str):
        return self._find(qMRMLSliceWidget, name)

    def threeDWidget(self, which):
        return self._find(qMRMLThreeDWidget, which)

    def plotWidget(self, which):
        return self._find(qMRMLPlotWidget, which)

    @property
    def threeDViewCount(self) -> int:
        return len(self._of_kind(qMRMLThreeDWidget))

    @property
    def plotViewCount(self) -> int:
        return len(self._of_kind(qMRMLPlotWidget))

    @property
    def tableViewCount(self) -> int:
        return 0

    def resetSliceViews(self) -> None:
        for widget in self._of_kind(qMRMLSliceWidget):
            widget.sliceLogic().FitSliceToBackground()

    def resetThreeDViews(self) -> None:
        pass

    def pauseRender(self) -> None:
        pass

    def resumeRender(self) -> None:
        pass

    def _close(self) -> None:
        self._node.RemoveObserver(self._tag)
        self._widgets.clear()
        self._slice_logics.RemoveAllItems()
        self._layout_logic.SetMRMLScene(None)
