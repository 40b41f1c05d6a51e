"""Slice, 3-D and table views as Slicer's layout manager gives them: real nodes and logics; `demo` draws them."""

from __future__ import annotations

import slicer

from host.facade import Facade


class NeverRendered(Facade):
    """Rendering can be paused and resumed, and never takes place."""

    def pauseRender(self) -> None:
        pass

    def resumeRender(self) -> None:
        pass

    def setRenderPaused(self, paused: bool) -> None:
        pass


class _View(NeverRendered):
    """What slice and 3-D views share."""

    def __init__(self, node) -> None:
        super().__init__()
        self._node = node

    def forceRender(self) -> None:
        pass

    def scheduleRender(self) -> None:
        pass


class _ViewWidget(NeverRendered):
    """What the widgets around views share: the node, its label and the view itself."""

    def __init__(self, node, view) -> None:
        super().__init__()
        self._node = node
        self._view = view

    def mrmlScene(self):
        return self._node.GetScene()

    def mrmlAbstractViewNode(self):
        return self._node

    def viewWidget(self):
        return self._view

    @property
    def viewLabel(self) -> str:
        return self._node.GetLayoutLabel() or ""


class _LogicWidget(_ViewWidget):
    """A view with its logic, which is real: slices are resliced and fitted."""

    def __init__(self, node, view, logic) -> None:
        super().__init__(node, view)
        self._logic = logic

    def logic(self):
        return self._logic


class qMRMLSliceView(_View, listed="qMRMLSliceView"):
    def mrmlSliceNode(self):
        return self._node

    def convertXYZToRAS(self, xyz) -> tuple:
        return tuple(self._node.GetXYToRAS().MultiplyPoint((*xyz, 1.0))[:3])


class qMRMLSliceWidget(_LogicWidget, listed="qMRMLSliceWidget"):
    def __init__(self, node, logic) -> None:
        super().__init__(node, qMRMLSliceView(node), logic)

    def sliceLogic(self):
        return self._logic

    def mrmlSliceNode(self):
        return self._node

    def mrmlSliceCompositeNode(self):
        return self._logic.GetSliceCompositeNode()

    def sliceView(self):
        return self._view

    @property
    def sliceViewName(self) -> str:
        return self._node.GetLayoutName()

    @property
    def sliceOrientation(self) -> str:
        return self._node.GetOrientation()

    @sliceOrientation.setter
    def sliceOrientation(self, orientation: str) -> None:
        self.setSliceOrientation(orientation)

    def setSliceOrientation(self, orientation: str) -> None:
        self._node.SetOrientation(orientation)

    def fitSliceToBackground(self) -> None:
        self._logic.FitSliceToBackground()


class qMRMLThreeDView(_View, listed="qMRMLThreeDView"):
    def mrmlViewNode(self):
        return self._node

    def cameraNode(self):
        """The view's camera, which Slicer makes together with the view and this on the first question."""
        camera = slicer.app.applicationLogic().GetModuleLogic("Cameras").GetViewActiveCameraNode(self._node)
        if camera is None:
            camera = self._node.GetScene().AddNewNodeByClass("vtkMRMLCameraNode", "Camera")
            camera.SetLayoutName(self._node.GetLayoutName())
        return camera

    def resetFocalPoint(self) -> None:
        pass

    def resetCamera(self) -> None:
        pass

    def setFocalPoint(self, x: float, y: float, z: float) -> None:
        self.cameraNode().SetFocalPoint(x, y, z)


class qMRMLThreeDWidget(_LogicWidget, listed="qMRMLThreeDWidget"):
    def __init__(self, node, logic) -> None:
        super().__init__(node, qMRMLThreeDView(node), logic)

    def mrmlViewNode(self):
        return self._node

    def threeDView(self):
        return self._view

    def viewLogic(self):
        return self._logic


class qMRMLTableView(Facade, listed="qMRMLTableView"):
    """Shows the table that its view node names."""

    def __init__(self, node) -> None:
        super().__init__()
        self._node = node

    def mrmlTableViewNode(self):
        return self._node

    def mrmlTableNode(self):
        return self._node.GetTableNode()

    def setMRMLTableNode(self, table) -> None:
        self._node.SetTableNodeID(table.GetID() if table is not None else None)


class qMRMLTableWidget(_ViewWidget, listed="qMRMLTableWidget"):
    def __init__(self, node) -> None:
        super().__init__(node, qMRMLTableView(node))

    def mrmlTableViewNode(self):
        return self._node

    def tableView(self):
        return self._view
