"""Qt classes that Slicer has but `widget-api.json` does not list.

They appear as arguments, property values and return values of the listed ones. Only the names that Slicer's own scripts
use, or that no Qt program does without, are here; same form as in `widget-api.json`.
"""

_OBJECT_METHODS = (
    "blockSignals children className connect deleteLater disconnect dynamicPropertyNames findChild findChildren "
    "inherits installEventFilter isWidgetType parent property removeEventFilter setObjectName setParent setProperty "
    "signalsBlocked tr"
)


def _value(methods: str, enumerators: dict[str, str] | None = None) -> dict:
    return {"methods": methods.split(), "properties": enumerators or {}, "signals": []}


def _object(methods: str, properties: dict[str, str] | None = None, signals: tuple[str, ...] = ()) -> dict:
    return {
        "methods": f"{_OBJECT_METHODS} {methods}".split(),
        "properties": {"objectName": "str"} | (properties or {}),
        "signals": list(signals),
    }


def _widget(methods: str, properties: dict[str, str] | None = None, signals: tuple[str, ...] = ()) -> dict:
    return {"extends": "QWidget", "methods": methods.split(), "properties": properties or {}, "signals": list(signals)}


def _enum(name: str, enumerators: str) -> dict[str, str]:
    return dict.fromkeys(enumerators.split(), name)


_OPEN_MODES = _enum("OpenModeFlag", "NotOpen ReadOnly WriteOnly ReadWrite Append Truncate Text Unbuffered")
_DEVICE = "atEnd bytesAvailable close errorString isOpen open read readAll readLine size write"
_EVENT_LOOP_FLAGS = _enum(
    "ProcessEventsFlag", "AllEvents ExcludeUserInputEvents ExcludeSocketNotifiers WaitForMoreEvents"
)
_PROGRESS_DIALOG = "cancel reset setCancelButton setLabelText setMaximum setMinimum setRange setValue"
_APPLICATION = "applicationName arguments exec exit instance organizationName processEvents quit sendPostedEvents"
_EFFECT = (
    "activate active addActor2D addActor3D addLabeledOptionsWidget addOptionsWidget cleanup commonParameterDefined "
    "confirmCurrentSegmentVisible createCursor cursorOff cursorOn deactivate defaultModifierLabelmap doubleParameter "
    "forceRender helpText integerParameter maskLabelmap masterVolumeImageData modifierLabelmap modifySegmentByLabelmap "
    "modifySelectedSegmentByLabelmap nodeReference optionsFrame optionsLayout parameter parameterDefined "
    "parameterSetNode referenceGeometryImage removeActor2D removeActor3D renderWindow renderer saveStateForUndo scene "
    "scheduleRender segmentationDisplayableInView selectEffect selectedSegmentLabelmap setCommonNodeReference "
    "setCommonParameter setCommonParameterDefault setNodeReference setParameter setParameterDefault "
    "setParameterSetNode sliceSpacing sourceVolumeImageData updateGUIFromMRML updateMRMLFromGUI viewNode"
)
_EFFECT_PROPERTIES = {
    "name": "str",
    "title": "str",
    "perSegment": "bool",
    "requireSegments": "bool",
    "showEffectCursorInSliceView": "bool",
    "showEffectCursorInThreeDView": "bool",
}
_SIZE_POLICIES = _enum("Policy", "Fixed Minimum Maximum Preferred MinimumExpanding Expanding Ignored")
_ITEM_VIEW_ENUMERATORS = (
    _enum("SelectionMode", "SingleSelection MultiSelection ExtendedSelection ContiguousSelection NoSelection")
    | _enum("SelectionBehavior", "SelectItems SelectRows SelectColumns")
    | _enum(
        "EditTriggers", "NoEditTriggers CurrentChanged DoubleClicked SelectedClicked EditKeyPressed AllEditTriggers"
    )
    | _enum("ScrollMode", "ScrollPerItem ScrollPerPixel")
)

UNLISTED_CLASSES: dict[str, dict] = {
    # values
    "QByteArray": _value("append clear contains data fromBase64 isEmpty length size startsWith toBase64 trimmed"),
    "QUrl": _value("fromLocalFile isEmpty isLocalFile isValid path scheme toLocalFile toString"),
    "QPoint": _value("isNull manhattanLength setX setY x y"),
    "QPointF": _value("isNull setX setY x y"),
    "QRect": _value("bottom center contains height isEmpty left right setHeight setWidth size top width x y"),
    "QMargins": _value("bottom left right top"),
    "QFont": _value(
        "bold family fixedPitch italic pixelSize pointSize pointSizeF setBold setFamily setFixedPitch setItalic "
        "setPixelSize setPointSize setPointSizeF setStyleHint setUnderline setWeight underline weight",
        _enum("StyleHint", "Monospace TypeWriter SansSerif Serif")
        | _enum("Weight", "Light Normal DemiBold Bold Black"),
    ),
    "QFontMetrics": _value("ascent averageCharWidth boundingRect elidedText height horizontalAdvance lineSpacing"),
    "QSizePolicy": _value(
        "hasHeightForWidth horizontalPolicy horizontalStretch retainSizeWhenHidden setHeightForWidth "
        "setHorizontalPolicy setHorizontalStretch setRetainSizeWhenHidden setVerticalPolicy setVerticalStretch "
        "verticalPolicy verticalStretch",
        _SIZE_POLICIES,
    ),
    "QBrush": _value("color setColor setStyle style"),
    "QPen": _value("color setColor setStyle setWidth setWidthF style width widthF"),
    "QCursor": _value("pos shape setShape"),
    "QRegion": _value("boundingRect isEmpty"),
    "QLocale": _value(
        "bcp47Name language name toString", _enum("Language", "English") | _enum("Country", "UnitedStates")
    ),
    "QPalette": _value(
        "brush color setBrush setColor",
        _enum(
            "ColorRole", "Window WindowText Base AlternateBase Text Button ButtonText Highlight HighlightedText Link"
        ),
    ),
    "QImage": _value("fill height isNull load pixelColor save scaled setPixelColor width"),
    "QModelIndex": _value("column data isValid parent row"),
    "QTextCharFormat": _value("setForeground setFontWeight foreground"),
    "QTextCursor": _value(
        "atEnd clearSelection insertHtml insertText movePosition position removeSelectedText select setPosition",
        _enum("MoveOperation", "Start End Up Down Left Right StartOfLine EndOfLine"),
    ),
    "QDateTime": _value("currentDateTime toString"),
    "QElapsedTimer": _value("elapsed restart start"),
    "QDir": _value("absolutePath entryList exists filePath homePath mkpath path removeRecursively tempPath"),
    "QFileInfo": _value("absoluteFilePath absolutePath baseName completeSuffix exists fileName isDir isFile suffix"),
    "QProcessEnvironment": _value("contains insert isEmpty keys remove systemEnvironment toStringList value"),
    "QDesktopServices": _value("openUrl"),
    "QStandardPaths": _value(
        "displayName standardLocations writableLocation",
        _enum("StandardLocation", "DesktopLocation DocumentsLocation HomeLocation TempLocation CacheLocation"),
    ),
    "QSignalBlocker": _value("reblock unblock"),
    "QTreeWidgetItem": _value(
        "addChild addChildren checkState child childCount columnCount data flags indexOfChild isExpanded isHidden "
        "isSelected parent removeChild setBackground setCheckState setData setExpanded setFlags setFont setForeground "
        "setHidden setIcon setSelected setText setTextAlignment setToolTip takeChild text toolTip treeWidget"
    ),
    "QStandardItem": _value("checkState data row setCheckable setCheckState setData setText text"),
    "QSpacerItem": _value("changeSize"),
    # layouts and widgets
    "QLayoutItem": _value("layout spacerItem widget"),
    "QAbstractItemView": _widget("model selectionModel viewport", _ITEM_VIEW_ENUMERATORS),
    "QHeaderView": _widget(
        "count hideSection isSectionHidden resizeSection resizeSections sectionSize setSectionHidden "
        "setSectionResizeMode setSectionsClickable setSectionsMovable setStretchLastSection showSection",
        {"stretchLastSection": "bool", "defaultSectionSize": "int", "minimumSectionSize": "int"}
        | _enum("ResizeMode", "Interactive Fixed Stretch ResizeToContents"),
        ("sectionClicked(int)", "sectionResized(int,int,int)"),
    ),
    "QScrollBar": _widget(
        "setMaximum setMinimum setRange setValue",
        {"maximum": "int", "minimum": "int", "value": "int", "singleStep": "int", "pageStep": "int"},
        ("valueChanged(int)", "rangeChanged(int,int)"),
    ),
    "QProgressDialog": {
        "extends": "QDialog",
        "methods": _PROGRESS_DIALOG.split(),
        "properties": {
            "value": "int",
            "maximum": "int",
            "minimum": "int",
            "minimumDuration": "int",
            "labelText": "str",
            "wasCanceled": "bool",
            "autoClose": "bool",
            "autoReset": "bool",
        },
        "signals": ["canceled()"],
    },
    "QMainWindow": _widget("addDockWidget addToolBar centralWidget menuBar setCentralWidget statusBar"),
    "QDockWidget": _widget("setWidget widget"),
    "QStatusBar": _widget("clearMessage currentMessage showMessage", {}, ("messageChanged(QString)",)),
    # objects
    "QApplication": _object(
        f"{_APPLICATION} clipboard focusWidget activeWindow allWidgets restoreOverrideCursor setOverrideCursor style",
    ),
    "QCoreApplication": _object(_APPLICATION),
    "QClipboard": _object("clear setText text"),
    "QStyle": _object(
        "pixelMetric standardIcon standardPixmap",
        _enum("StandardPixmap", "SP_DialogOkButton SP_DialogCancelButton SP_MessageBoxWarning SP_MessageBoxInformation")
        | _enum("PixelMetric", "PM_SmallIconSize PM_ButtonIconSize PM_ScrollBarExtent"),
    ),
    "QEventLoop": _object("exec exit isRunning processEvents quit", _EVENT_LOOP_FLAGS),
    "QAbstractItemModel": _object("columnCount data index rowCount setData"),
    "QItemSelectionModel": _object(
        "clear clearSelection currentIndex hasSelection isSelected select selectedRows setCurrentIndex",
        _enum("SelectionFlag", "NoUpdate Clear Select Deselect Toggle Rows Columns ClearAndSelect"),
    ),
    "QTextDocument": _object("clear isEmpty setPlainText toPlainText toHtml"),
    "QIODevice": _object(_DEVICE, _OPEN_MODES),
    "QFile": _object(f"{_DEVICE} exists fileName remove rename setFileName", _OPEN_MODES),
    "QValidator": _object("", _enum("State", "Invalid Intermediate Acceptable")),
    "qMRMLTableWidget": _widget(
        "mrmlAbstractViewNode mrmlScene mrmlTableViewNode pauseRender resumeRender setMRMLScene setMRMLTableViewNode "
        "setRenderPaused tableController tableView viewWidget",
        {"viewLabel": "str"},
    ),
    # the segment editor's effects
    "qSlicerSegmentEditorAbstractEffect": _object(
        _EFFECT,
        _EFFECT_PROPERTIES
        | _enum("ConfirmationResult", "NotConfirmed ConfirmedWithoutDialog ConfirmedWithDialog")
        | _enum(
            "ModificationMode",
            "ModificationModeSet ModificationModeAdd ModificationModeRemove ModificationModeRemoveAll",
        ),
    ),
    "qSlicerSegmentEditorPaintEffect": {
        "extends": "qSlicerSegmentEditorAbstractEffect",
        "methods": ["clearBrushes", "paintApply", "paintBrushesIntoLabelmap", "paintOptionsFrame"],
    },
    "qSlicerSegmentEditorEraseEffect": {"extends": "qSlicerSegmentEditorPaintEffect"},
    "qSlicerSegmentEditorScissorsEffect": {"extends": "qSlicerSegmentEditorAbstractEffect"},
    "qSlicerSegmentEditorScriptedEffect": {
        "extends": "qSlicerSegmentEditorAbstractEffect",
        "methods": ["pythonSource", "self", "setPythonSource"],
    },
    "qSlicerSegmentEditorScriptedLabelEffect": {
        "extends": "qSlicerSegmentEditorAbstractEffect",
        "methods": ["pythonSource", "self", "setPythonSource"],
    },
}
