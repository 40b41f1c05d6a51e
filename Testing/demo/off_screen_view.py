"""A view of Slicer's off screen."""

from __future__ import annotations

import numpy as np
import slicer
import vtk
from vtk.util.numpy_support import vtk_to_numpy


class OffScreenView:
    """A renderer off screen with Slicer's displayable managers for one view node.

    Args:
        application_logic: the scene's vtkSlicerApplicationLogic.
        node: the vtkMRMLSliceNode or vtkMRMLViewNode.
        managers: names of the displayable managers' classes.
        size: width and height in pixels.
    """

    def __init__(self, application_logic, node, managers: tuple[str, ...], size: tuple[int, int]) -> None:
        self.window = vtk.vtkRenderWindow()
        self.window.SetOffScreenRendering(1)
        self.window.SetMultiSamples(8)
        self.window.SetSize(*size)
        self.renderer = vtk.vtkRenderer()
        self.renderer.SetBackground(0, 0, 0)
        self.window.AddRenderer(self.renderer)
        self._image = self._new_image()
        self.renderer.AddViewProp(self._image)
        self.window.SetInteractor(vtk.vtkGenericRenderWindowInteractor())
        self._group = slicer.vtkMRMLDisplayableManagerGroup()
        self._group.SetRenderer(self.renderer)
        for name in managers:
            manager = getattr(slicer, name)()
            manager.SetMRMLApplicationLogic(application_logic)
            self._group.AddDisplayableManager(manager)
        self._group.SetMRMLDisplayableNode(node)

    def _new_image(self) -> vtk.vtkActor2D:
        mapper = vtk.vtkImageMapper()
        mapper.SetColorWindow(255)
        mapper.SetColorLevel(127.5)
        image = vtk.vtkActor2D()
        image.SetMapper(mapper)
        image.GetProperty().SetDisplayLocationToBackground()
        image.SetVisibility(False)
        return image

    def show_image(self, connection) -> None:
        """Show the image of a slice logic's pipeline behind everything else; None for no image."""
        self._image.SetVisibility(connection is not None)
        if connection is not None:
            self._image.GetMapper().SetInputConnection(connection)

    def pixels(self) -> np.ndarray:
        """(height, width, 3) uint8, first row at the top."""
        self.window.Render()
        grabber = vtk.vtkWindowToImageFilter()
        grabber.SetInput(self.window)
        grabber.ReadFrontBufferOff()
        grabber.Update()
        width, height, _ = grabber.GetOutput().GetDimensions()
        return vtk_to_numpy(grabber.GetOutput().GetPointData().GetScalars()).reshape(height, width, -1)[::-1].copy()

    def close(self) -> None:
        """Let go of the view's node."""
        self._group.SetMRMLDisplayableNode(None)
        self.window.Finalize()
