"""The Views section and the Show buttons: how segments, overlays and surfaces are drawn."""

from __future__ import annotations

import numpy as np
import pytest

from .conftest import a_brain


@pytest.fixture
def a_views_panel(a_panel, an_application):
    """Gives a function that shows the panel with its Views section open: (module widget, section, its form)."""

    def make(behaviour: str = "done"):
        widget = a_panel(behaviour)
        widget.ui.viewsCollapsibleButton.collapsed = False
        an_application.process_events()
        return widget, widget._panels.views, widget._panels.views._ui

    return make


@pytest.fixture
def segmented(a_views_panel, run):
    """Gives a function that segments a volume and shows it: (main form, Views panel, its form, volume, outputs)."""

    def make(posteriors: bool = False, classes: int = 3):
        volume = a_brain()
        widget, panel, ui = a_views_panel()
        widget._parameterNode.createPosteriors = posteriors
        widget._parameterNode.entropy = True
        widget._parameterNode.numberOfClasses = classes
        run(widget)
        outputs = widget.logic.outputsOf(volume)
        panel.show(volume, outputs)
        return widget.ui, panel, ui, volume, outputs

    return make


def _choose(combo, text: str) -> None:
    index = combo.findText(text)
    assert index >= 0, f"{text} is not offered"
    combo.currentIndex = index
    combo.activated(index)


def _view():
    import slicer

    return slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode")[0]


def test_without_results_every_control_says_why_it_does_nothing(a_views_panel):
    _widget, _panel, ui = a_views_panel()
    assert ui.viewsHintLabel.visible and not ui.probabilityHintLabel.visible
    for name in ("segmentOpacitySlider", "drawComboBox", "overlayComboBox", "overlayOpacitySlider"):
        assert not getattr(ui, name).enabled and "segment a volume first" in getattr(ui, name).toolTip


def test_the_opacity_of_the_segments_follows_the_slider_and_other_hands(segmented):
    _main, _panel, ui, _volume, outputs = segmented()
    display = outputs.segmentation.GetDisplayNode()
    assert ui.segmentOpacitySlider.value == 50
    ui.segmentOpacitySlider.value = 20
    assert (display.GetOpacity2DFill(), display.GetOpacity2DOutline()) == pytest.approx((0.2, 0.4))
    ui.segmentOpacitySlider.value = 0
    assert display.GetOpacity2DOutline() == 0
    display.SetOpacity2DFill(0.75)
    assert ui.segmentOpacitySlider.value == 75
    ui.surfaceOpacitySlider.value = 40
    assert display.GetOpacity3D() == pytest.approx(0.4)


def test_segments_are_drawn_filled_or_outlined_or_both(segmented):
    _main, panel, ui, _volume, outputs = segmented()
    display = outputs.segmentation.GetDisplayNode()
    _choose(ui.drawComboBox, "Outline")
    assert not display.GetVisibility2DFill() and display.GetVisibility2DOutline()
    panel.drawNext()
    assert display.GetVisibility2DFill() and display.GetVisibility2DOutline()
    assert ui.drawComboBox.currentText == "Fill and outline"
    panel.drawNext()
    assert display.GetVisibility2DFill() and not display.GetVisibility2DOutline()


def test_each_tissue_has_a_box_that_hides_it(segmented):
    from GMMSegExtensionLib.tissues import segmentID

    _main, panel, _ui, _volume, outputs = segmented()
    boxes = [box for box in panel._tissues.boxes if box.visible]
    assert [box.text for box in boxes] == ["CSF", "GM", "WM"] and all(box.checked for box in boxes)
    boxes[0].click()
    display = outputs.segmentation.GetDisplayNode()
    assert [bool(display.GetSegmentVisibility(segmentID(label))) for label in (1, 2, 3)] == [False, True, True]
    display.SetSegmentVisibility(segmentID(1), True)
    assert boxes[0].checked
    outputs.segmentation.GetSegmentation().RemoveSegment(segmentID(2))
    panel.show(_volume, outputs)
    assert not boxes[1].enabled and "was deleted" in boxes[1].toolTip


def test_other_numbers_of_classes_have_as_many_boxes(segmented):
    _main, panel, _ui, _volume, _outputs = segmented(classes=5)
    assert sum(box.visible for box in panel._tissues.boxes) == 5


def test_without_probability_volumes_the_panel_says_how_to_get_them(segmented):
    main, _panel, ui, _volume, _outputs = segmented()
    assert ui.probabilityHintLabel.visible and "Probability volumes" in ui.probabilityHintLabel.text
    assert not main.showProbabilityButton.enabled and "Probability volumes" in main.showProbabilityButton.toolTip
    assert ui.overlayComboBox.findText("Probability of GM") < 0


def test_overlays_are_chosen_from_a_list_and_the_buttons_follow(segmented):
    main, _panel, ui, volume, outputs = segmented(posteriors=True)
    assert not ui.probabilityHintLabel.visible
    _choose(ui.overlayComboBox, "Probability of GM")
    assert _view().GetForegroundVolumeID() == outputs.posteriors[1].GetID()
    assert main.showProbabilityButton.checked and not main.showSegmentsButton.checked
    color = outputs.posteriors[1].GetDisplayNode().GetColorNode()
    assert color.GetName().startswith("Probability")
    _choose(ui.overlayComboBox, "Uncertainty")
    assert _view().GetForegroundVolumeID() == outputs.uncertainty.GetID() and main.showUncertaintyButton.checked
    main.showBiasFieldButton.click()
    assert ui.overlayComboBox.currentText == "Bias field"
    main.showProbabilityButton.click()
    assert ui.overlayComboBox.currentText == "Probability of GM"  # the one that was looked at last
    _choose(ui.overlayComboBox, "None")
    assert _view().GetForegroundVolumeID() is None and main.showSegmentsButton.checked
    assert _view().GetBackgroundVolumeID() == volume.GetID()


def test_the_legend_names_the_class(segmented):
    import slicer

    main, _panel, _ui, _volume, outputs = segmented(posteriors=True)
    main.showProbabilityButton.click()
    legend = slicer.vtkSlicerColorLogic.GetColorLegendDisplayNode(outputs.posteriors[2])
    assert legend.GetTitleText() == "P(WM)" and legend.GetVisibility()


def test_the_opacity_of_overlays_is_kept_from_one_to_the_next(segmented):
    main, _panel, ui, _volume, _outputs = segmented()
    main.showBiasFieldButton.click()
    assert _view().GetForegroundOpacity() == pytest.approx(0.6)
    ui.overlayOpacitySlider.value = 30
    assert _view().GetForegroundOpacity() == pytest.approx(0.3)
    main.showUncertaintyButton.click()
    assert _view().GetForegroundOpacity() == pytest.approx(0.3) and ui.overlayOpacitySlider.value == 30
    main.showUncertaintyButton.click()
    assert _view().GetForegroundOpacity() == 0 and ui.overlayOpacitySlider.value == 30


def test_a_foreground_of_the_users_own_is_left_alone(segmented):
    _main, _panel, ui, _volume, _outputs = segmented()
    own = a_brain("PET", seed=3)
    _view().SetForegroundVolumeID(own.GetID())
    _view().SetForegroundOpacity(0.8)
    ui.overlayOpacitySlider.value = 10
    _choose(ui.overlayComboBox, "None")
    assert (_view().GetForegroundVolumeID(), _view().GetForegroundOpacity()) == (own.GetID(), 0.8)


def test_an_overlay_that_was_deleted_is_no_longer_offered(segmented):
    import slicer

    _main, _panel, ui, _volume, outputs = segmented()
    slicer.mrmlScene.RemoveNode(outputs.uncertainty)
    _choose(ui.overlayComboBox, "Uncertainty")
    assert ui.overlayComboBox.findText("Uncertainty") < 0 and _view().GetForegroundVolumeID() is None


def test_choosing_after_the_results_were_deleted_does_nothing(segmented):
    import slicer

    _main, _panel, ui, _volume, outputs = segmented()
    slicer.mrmlScene.RemoveNode(outputs.segmentation)
    _choose(ui.overlayComboBox, "Bias field")
    assert ui.viewsHintLabel.visible and not ui.overlayComboBox.enabled


def test_closing_the_scene_lets_go_of_the_results(segmented, an_application):
    _main, panel, ui, _volume, _outputs = segmented()
    panel.show(None, None)
    an_application.close_scene()
    panel.drawNext()
    ui.overlayOpacitySlider.value = 20
    assert ui.viewsHintLabel.visible


def test_surfaces_are_made_while_the_application_goes_on(segmented, an_application):
    from GMMSegExtensionLib import surfaces
    from GMMSegExtensionLib.tissues import segmentID

    main, _panel, _ui, _volume, outputs = segmented()
    main.showSurfacesButton.click()
    assert main.showSurfacesButton.text == "3-D: 0 of 3" and main.showSurfacesButton.checked
    an_application.process_events_until(lambda: main.showSurfacesButton.text == "3-D", "the surfaces are made")
    assert surfaces.exist(outputs.segmentation) and main.showSurfacesButton.checked
    display = outputs.segmentation.GetDisplayNode()
    assert [display.GetSegmentOpacity3D(segmentID(label)) for label in (1, 2)] == [0.2, 1.0]  # CSF encloses the rest
    segment = outputs.segmentation.GetSegmentation().GetNthSegment(1)
    assert segment.GetRepresentation("Closed surface").GetNumberOfPoints() > 0
    main.showSurfacesButton.click()
    assert not surfaces.exist(outputs.segmentation) and not main.showSurfacesButton.checked


def test_no_thread_outlives_the_panel(a_panel, run):
    import threading

    a_brain()
    widget = a_panel()
    run(widget)
    widget.ui.showSurfacesButton.click()
    widget._results.close()
    assert not any(thread.name == "gmmseg-surfaces" for thread in threading.enumerate())


def test_surfaces_of_segments_that_are_edited_meanwhile_are_made_of_the_edited_ones(segmented, an_application):
    import slicer
    from GMMSegExtensionLib.tissues import segmentID

    main, _panel, _ui, volume, outputs = segmented()
    main.showSurfacesButton.click()
    mask = np.zeros((10, 8, 6), dtype=np.uint8)
    mask[5, 4, 3] = 1
    for label in (1, 2, 3):
        slicer.util.updateSegmentBinaryLabelmapFromArray(
            mask * (label == 3), outputs.segmentation, segmentID(label), volume
        )
    an_application.process_events_until(lambda: main.showSurfacesButton.text == "3-D", "the surfaces are made")
    surface = outputs.segmentation.GetSegmentation().GetSegment(segmentID(3)).GetRepresentation("Closed surface")
    bounds = surface.GetBounds()
    assert max(bounds[1] - bounds[0], bounds[3] - bounds[2], bounds[5] - bounds[4]) < 3


def test_surfaces_are_put_away_while_a_brush_is_active(segmented, an_application):
    import slicer
    from GMMSegExtensionLib import surfaces

    main, _panel, _ui, _volume, outputs = segmented()
    main.showSurfacesButton.click()
    an_application.process_events_until(lambda: surfaces.exist(outputs.segmentation), "the surfaces are made")
    an_application.process_events_until(lambda: main.showSurfacesButton.text == "3-D", "all of them")
    for name in ("correctCollapsibleButton", "reviewCollapsibleButton"):
        getattr(main, name).collapsed = False
    review = slicer.modules.GMMSegExtensionWidget._panels.review
    review._ui.editorCollapsibleButton.collapsed = False
    editor = review._editor.widget
    editor.setActiveEffectByName("Paint")
    assert not surfaces.exist(outputs.segmentation) and not main.showSurfacesButton.checked
    editor.setActiveEffect(None)
    an_application.process_events_until(lambda: surfaces.exist(outputs.segmentation), "the surfaces are back")
    an_application.process_events_until(lambda: main.showSurfacesButton.text == "3-D", "all of them")


@pytest.mark.parametrize("end", ["delete", "close", "off", "quit"])
def test_surfaces_under_way_can_be_dropped(segmented, an_application, end):
    import slicer

    main, _panel, _ui, _volume, outputs = segmented()
    main.showSurfacesButton.click()
    if end == "delete":
        slicer.mrmlScene.RemoveNode(outputs.segmentation)
        an_application.process_events_until(lambda: main.showSurfacesButton.text == "3-D", "it was given up")
    elif end == "close":
        an_application.close_scene()
    elif end == "off":
        main.showSurfacesButton.click()
        assert main.showSurfacesButton.text == "3-D" and not main.showSurfacesButton.checked
    an_application.process_events()


def test_the_next_scene_gets_no_surfaces_of_the_one_before(segmented, an_application):
    import slicer
    from GMMSegExtensionLib import surfaces
    from GMMSegExtensionLib.surface_maker import SurfaceMaker

    _main, _panel, _ui, _volume, outputs = segmented()
    told = []
    maker = SurfaceMaker(lambda: told.append(maker.progressOf(outputs.segmentation)))
    maker.start(outputs.segmentation)
    identifier, segments = outputs.segmentation.GetID(), slicer.vtkSegmentation()
    segments.DeepCopy(outputs.segmentation.GetSegmentation())
    an_application.environment.scene.Clear(0)
    node = slicer.vtkMRMLSegmentationNode()
    node.SetAndObserveSegmentation(segments)
    slicer.mrmlScene.AddNode(node)
    assert node.GetID() == identifier and maker.progressOf(node) is None
    an_application.process_events()
    maker.end()
    assert not surfaces.exist(node) and told[-1] is None


def test_swapping_before_and_after_changes_only_the_image(a_panel, run):
    volume = a_brain()
    widget = a_panel()
    run(widget)
    outputs = widget.logic.outputsOf(volume)
    results = widget._results
    results.swapBeforeAfter()
    assert _view().GetBackgroundVolumeID() == outputs.correctedVolumes[0].GetID()
    assert outputs.segmentation.GetDisplayNode().GetVisibility()
    results.swapBeforeAfter()
    assert _view().GetBackgroundVolumeID() == volume.GetID()
    results.toggleSegments()
    assert not outputs.segmentation.GetDisplayNode().GetVisibility()
    results.toggleBiasField()
    assert _view().GetForegroundVolumeID() == outputs.biasOverlay.GetID()


def test_before_any_result_the_keys_do_nothing(a_panel):
    widget = a_panel()
    for press in ("swapBeforeAfter", "toggleSegments", "toggleBiasField", "toggleUncertainty"):
        getattr(widget._results, press)()
