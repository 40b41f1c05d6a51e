"""Stand-in for Slicer's Sample Data module: registers sources and loads those whose files are already here."""

from pathlib import Path
from urllib.parse import urlparse

import slicer
import slicer.util


class SampleDataSource:
    """A named set of files: one entry of `uris`, `fileNames`, `nodeNames`... a file."""

    def __init__(
        self,
        sampleName=None,
        sampleDescription=None,
        uris=None,
        fileNames=None,
        nodeNames=None,
        checksums=None,
        loadFiles=None,
        customDownloader=None,
        thumbnailFileName=None,
        loadFileTypes=None,
        loadFileProperties=None,
        loadFileType=None,
    ):
        if loadFileType is not None and loadFileTypes is not None:
            raise ValueError("loadFileType and loadFileTypes cannot be specified at the same time")
        self.sampleName = sampleName
        self.sampleDescription = sampleDescription or sampleName
        self.customDownloader = customDownloader
        self.thumbnailFileName = thumbnailFileName
        self.loadFileProperties = loadFileProperties or {}
        count = 1 if isinstance(uris, str) else len(uris)

        def one_a_file(value):
            return list(value) if isinstance(value, list | tuple) else [value] * count

        self.uris, self.fileNames, self.nodeNames, self.checksums, self.loadFiles, self.loadFileTypes = map(
            one_a_file, (uris, fileNames, nodeNames, checksums, loadFiles, loadFileTypes or loadFileType)
        )
        fields = (self.fileNames, self.nodeNames, self.checksums, self.loadFiles, self.loadFileTypes)
        if any(len(field) != count for field in fields):
            raise ValueError("All fields of sample data source must have the same length")

    def __eq__(self, other):
        return vars(self) == vars(other)

    __hash__ = None


class SampleDataLogic:
    """Sources by category, kept in `slicer.modules.sampleDataSources` as Slicer keeps them."""

    @staticmethod
    def sampleDataSourcesByCategory(category=None):
        if not hasattr(slicer.modules, "sampleDataSources"):
            slicer.modules.sampleDataSources = {}
        sources = slicer.modules.sampleDataSources
        return sources if category is None else sources.get(category, [])

    @staticmethod
    def registerCustomSampleDataCategory(category, title):
        if not hasattr(slicer.modules, "sampleDataSourceCategories"):
            slicer.modules.sampleDataSourceCategories = {}
        slicer.modules.sampleDataSourceCategories.setdefault(category, {})["title"] = title

    @staticmethod
    def registerCustomSampleDataSource(
        category="Custom",
        sampleName=None,
        uris=None,
        fileNames=None,
        nodeNames=None,
        customDownloader=None,
        thumbnailFileName=None,
        loadFileTypes=None,
        loadFiles=None,
        loadFileProperties=None,
        checksums=None,
        loadFileType=None,
    ):
        source = SampleDataSource(
            sampleName=sampleName,
            uris=uris,
            fileNames=fileNames,
            nodeNames=nodeNames,
            customDownloader=customDownloader,
            thumbnailFileName=thumbnailFileName,
            loadFileTypes=loadFileTypes,
            loadFiles=loadFiles,
            loadFileProperties=loadFileProperties,
            checksums=checksums,
            loadFileType=loadFileType,
        )
        if not SampleDataLogic.isSampleDataSourceRegistered(category, source):
            SampleDataLogic.sampleDataSourcesByCategory().setdefault(category, []).append(source)

    @staticmethod
    def isSampleDataSourceRegistered(category, sampleDataSource):
        return sampleDataSource in SampleDataLogic.sampleDataSourcesByCategory(category)

    def sourceForSampleName(self, sampleName):
        every = (source for sources in self.sampleDataSourcesByCategory().values() for source in sources)
        return next((source for source in every if source.sampleName == sampleName), None)

    def downloadSamples(self, sampleName):
        """Nodes of the sample. Only file:// addresses: the stand-in does not use the network."""
        source = self.sourceForSampleName(sampleName)
        if source is None:
            raise ValueError(f"There is no sample named {sampleName}")
        if source.customDownloader:
            return source.customDownloader(source)
        return [self._load(uri, name) for uri, name in zip(source.uris, source.nodeNames, strict=True)]

    def downloadSample(self, sampleName):
        return self.downloadSamples(sampleName)[0]

    @staticmethod
    def _load(uri, nodeName):
        address = urlparse(uri)
        if address.scheme != "file":
            raise RuntimeError(f"The stand-in does not download {uri}")
        node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", nodeName or Path(address.path).stem)
        node.AddDefaultStorageNode()
        node.GetStorageNode().SetFileName(address.path)
        if not node.GetStorageNode().ReadData(node):
            raise RuntimeError(f"{address.path} could not be read")
        node.CreateDefaultDisplayNodes()
        return node
