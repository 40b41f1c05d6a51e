"""Results of the time points of a volume sequence, as sequences that the same browser steps through."""

from __future__ import annotations

import slicer

from . import bias_display, output_nodes, uncertainty_display
from .scene import SegmentationOutputs, reportOf
from .steps import Steps

_SOURCE = "GMMSegExtension.sequence"
_RESULT = "GMMSegExtension.result"


def volumeSequenceOf(browser):
    """The first sequence of grey-scale volumes that ``browser`` steps through and that is no result; None without."""
    master = browser.GetMasterSequenceNode()
    others = [node for node in slicer.util.getNodesByClass("vtkMRMLSequenceNode") if node is not master]
    for sequence in (master, *others):
        if sequence is None or sequence.GetAttribute(_RESULT) or not browser.IsSynchronizedSequenceNode(sequence, True):
            continue
        if sequence.GetDataNodeClassName() == "vtkMRMLScalarVolumeNode":
            return sequence
    return None


def proxyOf(browser, sequence):
    """The node of the scene that shows the time point of ``sequence`` that ``browser`` is at."""
    proxy = browser.GetProxyNode(sequence)
    if proxy is None:
        _update(browser)
        proxy = browser.GetProxyNode(sequence)
    return proxy


def reportAt(sequence, indexValue: str) -> dict | None:
    """The engine's report of one time point of a volume sequence, None when it was not segmented."""
    results = _find(sequence, output_nodes.SEGMENTATION, 0)
    # Exactly there: by default Slicer gives the one before when there is none.
    node = results.GetDataNodeAtValue(indexValue, True) if results is not None else None
    return reportOf(node) if node is not None else None


def keepSteps(browser, sequence, indexValue: str, outputs: SegmentationOutputs) -> Steps[None]:
    """Put results into the sequences, one node at a step, and let the browser step through them.

    The voxels of the volumes move: ``outputs`` are left without.
    """
    volumes = (*outputs.biasFields, *outputs.correctedVolumes, outputs.biasOverlay, outputs.uncertainty)
    nodes = [node for node in (*volumes, *outputs.posteriors, outputs.segmentation) if node is not None]
    pairs = [(_obtain(sequence, node), node) for node in nodes]
    for results, node in pairs:
        yield
        _put(results, indexValue, node)
    yield
    _dropOthers(sequence, indexValue, [_key(node) for node in nodes])
    proxies: dict = {}
    try:
        for results, node in pairs:
            if not browser.IsSynchronizedSequenceNode(results, True):
                proxies[results] = _newProxy(results, node)
                yield
        _synchronize(browser, proxies)
        proxies = {}
    finally:
        for proxy in proxies.values():  # given up before the browser had them
            removeWithDisplay(proxy)
    yield  # the browser has copied the voxels of the volume, and does so again
    _update(browser)
    for results, node in pairs:
        yield
        _file(browser, sequence, results, node)


def _put(results, indexValue: str, node) -> None:
    if not node.IsA("vtkMRMLVolumeNode"):
        results.SetDataNodeAtValue(node, indexValue)
        return
    # Moved, not copied: a volume of usual size would hold up the application.
    image = node.GetImageData()
    node.SetAndObserveImageData(None)
    results.SetDataNodeAtValue(node, indexValue).SetAndObserveImageData(image)


def _newProxy(results, node):
    """A node for the browser to show ``results`` in, which looks like ``node``."""
    proxy = slicer.mrmlScene.AddNewNodeByClass(node.GetClassName(), results.GetName())
    # Before the voxels come: a window that follows them would be computed from all of them.
    _showLike(proxy, node)
    return proxy


def _synchronize(browser, proxies: dict) -> None:
    """Let the browser show sequences, each in its node."""
    # At the end all at once: the browser's update copies the voxels of what it does not save, as the volumes.
    with slicer.util.NodeModify(browser):
        for results, proxy in proxies.items():
            browser.AddSynchronizedSequenceNode(results)
            # A time point without a result shows none; said first, for else one would be made of another's.
            browser.SetMissingItemMode(results, browser.MissingItemSetToDefault)
            # What the user edits belongs to the time point.
            browser.SetSaveChanges(results, True)
            browser.SetOverwriteProxyName(results, False)
            browser.AddProxyNode(proxy, results, False)


def _file(browser, sequence, results, node) -> None:
    """Make the node that shows ``results`` a result of the node that shows ``sequence``."""
    source, proxy = browser.GetProxyNode(sequence), browser.GetProxyNode(results)
    if source is None or proxy is None or output_nodes.inputOf(proxy) is source:
        return
    proxy.SetAndObserveTransformNodeID(source.GetTransformNodeID())
    role, index = output_nodes.roleOf(node), output_nodes.indexOf(node)
    output_nodes.obtain(source, role, proxy.GetName(), index=index, chosenNode=proxy)


def _showLike(proxy, node) -> None:
    """Draw ``proxy`` as ``node`` is drawn."""
    role = output_nodes.roleOf(node)
    proxy.CreateDefaultDisplayNodes()
    if role == output_nodes.BIAS_FIELD:
        bias_display.showAsBiasField(proxy, bias_display.halfWidthOf(node))
    elif role == output_nodes.BIAS_OVERLAY:
        bias_display.showAsBiasField(proxy, bias_display.halfWidthOf(node), hideZero=True)
    elif role == output_nodes.UNCERTAINTY:
        uncertainty_display.showAsUncertainty(proxy)
    elif node.GetDisplayNode() is not None:
        colorID = node.GetDisplayNode().GetColorNodeID()
        proxy.GetDisplayNode().CopyContent(node.GetDisplayNode())
        if colorID:  # segments have their own colours
            proxy.GetDisplayNode().SetAndObserveColorNodeID(colorID)
        proxy.GetDisplayNode().SetVisibility(True)


def _obtain(sequence, node):
    """The sequence of results like ``node``, made when there is none."""
    results = _find(sequence, output_nodes.roleOf(node), output_nodes.indexOf(node))
    if results is None:
        results = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceNode", node.GetName())
        results.SetAttribute(_RESULT, _key(node))
        results.SetNodeReferenceID(_SOURCE, sequence.GetID())
        results.SetIndexName(sequence.GetIndexName())
        results.SetIndexUnit(sequence.GetIndexUnit())
        results.SetIndexType(sequence.GetIndexType())
        results.SetNumericIndexValueTolerance(sequence.GetNumericIndexValueTolerance())
    return results


def _dropOthers(sequence, indexValue: str, keys: list[str]) -> None:
    """Results of an earlier run that this one did not make contradict the new ones."""
    for results in _resultsOf(sequence):
        if results.GetAttribute(_RESULT) not in keys and results.GetItemNumberFromIndexValue(indexValue, True) >= 0:
            results.RemoveDataNodeAtValue(indexValue)


def _find(sequence, role: str, index: int):
    key = f"{role} {index}"
    return next((node for node in _resultsOf(sequence) if node.GetAttribute(_RESULT) == key), None)


def _resultsOf(sequence) -> list:
    nodes = slicer.util.getNodesByClass("vtkMRMLSequenceNode")
    return [node for node in nodes if node.GetAttribute(_RESULT) and node.GetNodeReference(_SOURCE) is sequence]


def _key(node) -> str:
    return f"{output_nodes.roleOf(node)} {output_nodes.indexOf(node)}"


def removeWithDisplay(node) -> None:
    """Take a node and its display nodes, which Slicer would leave, out of the scene."""
    count = node.GetNumberOfDisplayNodes() if node.IsA("vtkMRMLDisplayableNode") else 0
    for part in [*[node.GetNthDisplayNode(index) for index in range(count)], node]:
        if part is not None and slicer.mrmlScene.IsNodePresent(part):
            slicer.mrmlScene.RemoveNode(part)


def _update(browser) -> None:
    """Let the browser's nodes show the time point that it is at; without Slicer's module Sequences nobody does."""
    module = getattr(slicer.modules, "sequences", None)
    if module is not None:
        module.logic().UpdateProxyNodesFromSequences(browser)
