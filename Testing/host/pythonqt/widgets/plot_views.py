"""qMRMLPlotView and qMRMLPlotWidget: the chart of a plot view node, drawn by VTK off screen into a Qt widget."""

from __future__ import annotations

from typing import Any

from PySide6 import QtCore, QtGui, QtWidgets
from slicer import vtkMRMLPlotViewNode, vtkMRMLScene

from host.charts import Chart, screen, series_of

from .base import stored
from .mrml_widget import qMRMLWidget
from .scene_watch import Observers

_SIZE_BEFORE_SHOWN = (640, 480)


class qMRMLPlotView(QtWidgets.QWidget):
    mrmlSceneChanged = QtCore.Signal(object)
    plotAdded = QtCore.Signal(object)
    plotRemoved = QtCore.Signal(object)
    dataSelected = QtCore.Signal(str, object)
    boundsChanged = QtCore.Signal()
    extentChanged = QtCore.Signal()
    aboutToCompose = QtCore.Signal()
    aboutToResize = QtCore.Signal()
    frameSwapped = QtCore.Signal()
    resized = QtCore.Signal()

    NoPartialUpdate, PartialUpdate = 0, 1

    def __init__(self, parent: QtWidgets.QWidget = None) -> None:
        super().__init__(parent)
        self._scene: Any = None
        self._node: Any = None
        self._watched: list[Any] = []
        self._observers = Observers(self)
        self._chart: Chart | None = None
        self._is_stale = True
        self.setMinimumSize(80, 60)

    def setMRMLScene(self, scene: vtkMRMLScene) -> None:
        if scene is not self._scene:
            self._scene = scene
            self.node_changed()
            self.mrmlSceneChanged.emit(scene)

    def setMRMLPlotViewNode(self, node: vtkMRMLPlotViewNode) -> None:
        if node is not self._node:
            self._observers.remove()
            self._watched = []
            self._node = node
            if node is not None:
                self._observers.add(node, "ModifiedEvent", "node_changed")
            self.node_changed()

    def chart_node(self) -> Any:
        """The vtkMRMLPlotChartNode to show, or None."""
        if self._node is None or self._scene is None or self._node.GetScene() is None:
            return None
        return self._scene.GetNodeByID(self._node.GetPlotChartNodeID() or "")

    def node_changed(self) -> None:
        """Watch the chart, its series and tables, and draw anew when there is time."""
        chart = self.chart_node()
        series = series_of(chart) if chart is not None else []
        tables = [node.GetTableNode() for node in series if node.GetTableNode() is not None]
        wanted = list(dict.fromkeys([chart, *series, *tables] if chart is not None else []))
        for node in [node for node in self._watched if node not in wanted]:
            self._observers.remove(node)
        for node in [node for node in wanted if node not in self._watched]:
            self._observers.add(node, "ModifiedEvent", "node_changed")
        self._watched = wanted
        self._is_stale = True
        self.update()

    def up_to_date(self) -> Chart:
        """The chart, made at first use."""
        if self._chart is None:
            chart = self._chart = Chart()
            self.destroyed.connect(lambda: chart.close())
        if self._is_stale:
            self._chart.show(self.chart_node())
            self._is_stale = False
        return self._chart

    def _pixel_size(self) -> tuple[int, int]:
        was_shown = self.testAttribute(QtCore.Qt.WidgetAttribute.WA_Resized) or self.isVisible()
        return (self.width(), self.height()) if was_shown else _SIZE_BEFORE_SHOWN

    def picture(self) -> QtGui.QImage:
        """What the view shows."""
        size = self._pixel_size()
        if self.chart_node() is None:
            image = QtGui.QImage(*size, QtGui.QImage.Format.Format_RGB888)
            image.fill(QtCore.Qt.GlobalColor.white)
            return image
        pixels = self.up_to_date().pixels(size)
        height, width, _ = pixels.shape
        return QtGui.QImage(pixels.data, width, height, 3 * width, QtGui.QImage.Format.Format_RGB888).copy()

    def paintEvent(self, event: QtGui.QPaintEvent) -> None:
        QtGui.QPainter(self).drawImage(self.rect(), self.picture())

    def sizeHint(self) -> QtCore.QSize:
        return QtCore.QSize(300, 200)

    def chart(self) -> Any:
        return self.up_to_date().chart

    def scene(self) -> Any:
        return self.up_to_date().scene

    def renderWindow(self) -> Any:
        self.up_to_date().render(self._pixel_size())
        return screen().window

    def grabFramebuffer(self) -> QtGui.QImage:
        return self.picture()

    def saveAsSVG(self, path: str) -> None:
        self.up_to_date().write_svg(path, self._pixel_size())

    def fitToContent(self) -> None:
        self.up_to_date().chart.RecalculateBounds()
        self.update()

    def RemovePlotSelections(self) -> None:
        """Nothing can be selected here."""

    def _title(self) -> str:
        return self.up_to_date().chart.GetTitle() or ""

    def _set_title(self, title: str) -> None:
        self.up_to_date().chart.SetTitle(title)

    title = QtCore.Property(str, _title, _set_title)


class qMRMLPlotWidget(qMRMLWidget):
    """A plot view below the bar that names it."""

    viewLabel = stored("viewLabel", str, "")
    viewColor = stored("viewColor", QtGui.QColor, QtGui.QColor())

    def __init__(self, parent: QtWidgets.QWidget = None) -> None:
        super().__init__(parent)
        self._node: Any = None
        self.view = qMRMLPlotView(self)
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.view)

    def scene_changed(self) -> None:
        self.view.setMRMLScene(self.mrmlScene())

    def setMRMLPlotViewNode(self, node: vtkMRMLPlotViewNode) -> None:
        self._node = node
        if node is not None:
            self.viewLabel = node.GetLayoutLabel() or ""
        self.view.setMRMLPlotViewNode(node)

    def setMRMLAbstractViewNode(self, node: vtkMRMLPlotViewNode) -> None:
        self.setMRMLPlotViewNode(node)

    def mrmlPlotViewNode(self) -> Any:
        return self._node

    def mrmlAbstractViewNode(self) -> Any:
        return self._node

    def plotView(self) -> qMRMLPlotView:
        return self.view

    def viewWidget(self) -> QtWidgets.QWidget:
        return self.view

    def setViewLabel(self, label: str) -> None:
        self.viewLabel = label

    def pauseRender(self) -> None:
        """Charts are drawn when Qt asks for them."""

    def resumeRender(self) -> None:
        """See `pauseRender`."""

    def setRenderPaused(self, paused: bool) -> None:
        """See `pauseRender`."""
