"""Stand-ins for the ctk, qMRML and qSlicer widgets, made from Qt's own widgets and real MRML nodes."""

from __future__ import annotations

import host.scene  # noqa: F401  (imports slicer, whatever folders of that name there are)

from .buttons import ctkCheckBox, ctkColorPickerButton, ctkMenuButton, ctkPushButton
from .checkable_node_combo_box import qMRMLCheckableNodeComboBox
from .collapsible import ctkCollapsibleButton, ctkCollapsibleGroupBox
from .combo_boxes import ctkCheckableComboBox, ctkComboBox
from .mrml_widget import qMRMLWidget
from .node_combo_box import qMRMLNodeComboBox
from .paths import ctkDirectoryButton, ctkPathLineEdit
from .plot_views import qMRMLPlotView, qMRMLPlotWidget
from .ranges import ctkRangeWidget
from .segment_editor import qMRMLSegmentEditorWidget
from .segment_editor_effects import EFFECT_CLASSES
from .segment_selector import qMRMLSegmentSelectorWidget
from .segments_table import qMRMLSegmentsTableView
from .show_3d_button import qMRMLSegmentationShow3DButton
from .sliders import ctkDoubleSlider, ctkSliderWidget
from .spin_boxes import ctkDoubleSpinBox
from .texts import ctkFittedTextBrowser, ctkMessageBox, ctkSearchBox
from .unit_widgets import qMRMLRangeWidget, qMRMLSliderWidget, qMRMLSpinBox

_CLASSES = (
    *(ctkCheckBox, ctkCheckableComboBox, ctkCollapsibleButton, ctkCollapsibleGroupBox, ctkColorPickerButton),
    *(ctkComboBox, ctkDirectoryButton, ctkDoubleSlider, ctkDoubleSpinBox, ctkFittedTextBrowser, ctkMenuButton),
    *(ctkMessageBox, ctkPathLineEdit, ctkPushButton, ctkRangeWidget, ctkSearchBox, ctkSliderWidget),
    *(qMRMLCheckableNodeComboBox, qMRMLNodeComboBox, qMRMLRangeWidget, qMRMLSegmentEditorWidget),
    *(qMRMLSegmentSelectorWidget, qMRMLSegmentationShow3DButton, qMRMLSegmentsTableView, qMRMLSliderWidget),
    *(qMRMLSpinBox, qMRMLWidget),
    *(qMRMLPlotView, qMRMLPlotWidget),
    *EFFECT_CLASSES,
)

STAND_INS: dict[str, type] = {cls.__name__: cls for cls in _CLASSES}
