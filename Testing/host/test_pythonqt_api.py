"""The stand-in's classes have what `widget-api.json` lists: every property with its type, every signal."""

import pytest

from host import pythonqt
from host.pythonqt import api, classes
from host.pythonqt.proxy import wrapper_class

pythonqt.application()

# Qt 6 or the stand-in lacks these few; asking for them raises NotImplementedError.
_LACKING = {
    "autoCompletion",
    "autoCompletionCaseSensitivity",
    "confirmOverwrite",
    "nameFilterDetailsVisible",
    "readOnly",
    "resolveSymlinks",
    "dontShowAgainButtonRoles",
    "mrmlScene",
}
_LISTED = [
    name
    for name in api.class_names()
    if name.startswith(("Q", "ctk", "qMRML"))
    and classes.toolkit_class(name) is not None
    and name not in api.UNLISTED_CLASSES
    and "connect" in api.class_api(name).methods
    and api.class_api(name).default_constructible
]


@pytest.mark.parametrize("name", _LISTED)
def test_every_listed_property_has_the_listed_type(name):
    listed, instance, wrong = api.class_api(name), wrapper_class(name)(), []
    for property_, type_name in listed.properties.items():
        try:
            value = getattr(instance, property_)
        except NotImplementedError:
            assert property_ in _LACKING
            continue
        if type(value).__name__ != type_name and not (type_name[0].isupper() and isinstance(value, int)):
            wrong.append(f"{property_} is {value!r}, not of type {type_name}")
    assert wrong == []


@pytest.mark.parametrize("name", _LISTED)
def test_every_listed_signal_can_be_connected(name):
    instance = wrapper_class(name)()
    for signature in api.class_api(name).signals:
        if signature == "highlighted(QString)" and instance.inherits("QTextBrowser"):
            continue  # Qt 6 lacks it
        if "(" in signature:
            assert instance.connect(signature, lambda: None), signature
        else:
            assert getattr(instance, signature).connect(lambda: None), signature


@pytest.mark.parametrize("name", ["QPushButton", "QComboBox", "QTableWidget", "ctkSliderWidget", "qMRMLNodeComboBox"])
def test_nothing_more_than_listed_is_seen(name):
    instance, listed = wrapper_class(name)(), api.class_api(name)
    known = {*listed.properties, *listed.methods, *listed.enumerators}
    known |= {signature.partition("(")[0] for signature in listed.signals}
    toolkit_names = {n for n in dir(pythonqt.unwrap(instance)) if not n.startswith("_")}
    for hidden in toolkit_names - known:
        if not hidden.endswith("_"):
            assert not hasattr(instance, hidden), hidden


def test_the_facts_are_small_and_of_every_kind_of_class():
    names = api.class_names()
    assert {"QWidget", "QProcess", "ctkRangeWidget", "qMRMLSegmentEditorWidget"} <= set(names)
    assert api.class_api("ctkSliderWidget").properties["value"] == "float"
    assert api.class_api("ctkSliderWidget").properties["enabled"] == "bool"
    assert "setMaximum" not in api.class_api("ctkSliderWidget").methods
    with pytest.raises(KeyError):
        api.class_api("QNonsense")
