"""Fixtures of the tests on real MRML nodes, without the application and without Qt."""

from __future__ import annotations

import numpy as np
import pytest
from host import scene
from phantom_results import result_of
from phantoms import Phantom, nested_spheres
from scipy.spatial.transform import Rotation

OBLIQUE = np.eye(4)
OBLIQUE[:3, :3] = Rotation.from_euler("xyz", (11, -17, 23), degrees=True).as_matrix() * (0.9, 1.1, 1.3)
OBLIQUE[:3, 3] = (-20, 5, 12)

# Voxel to RAS: as scanners store them, tilted, thick slices, mirrored, axes in another order.
AFFINES = {
    "oblique": OBLIQUE,
    "thick slices": np.array([[0.8, 0, 0, -10], [0, 0.8, 0, 20], [0, 0, 4.5, -30], [0, 0, 0, 1.0]]),
    "mirrored": np.array([[-1.0, 0, 0, 90], [0, 1, 0, -120], [0, 0, 1, -70], [0, 0, 0, 1]]),
    "sagittal": np.array([[0, 0, 1.2, -80], [-0.9, 0, 0, 110], [0, -0.9, 0, 100], [0, 0, 0, 1.0]]),
}


@pytest.fixture
def a_scene():
    """A fresh scene."""
    return scene.install().scene


@pytest.fixture
def a_phantom() -> Phantom:
    """Nested spheres on a grid whose sides differ, so that no mix-up of axes goes unseen."""
    cube = nested_spheres(22, field_range=0.2)
    cut = np.s_[1:, 2:, 3:]
    return Phantom(cube.image[cut], cube.truth[cut], cube.mask[cut], cube.field[cut], cube.spacing)


@pytest.fixture(params=AFFINES, ids=lambda name: name.replace(" ", "_"))
def an_affine(request) -> np.ndarray:
    """(4, 4) voxel to RAS mm, one of the kinds that go wrong."""
    return AFFINES[request.param]


@pytest.fixture
def add_volume(a_scene):
    """Gives a function that adds an (I, J, K) array to the scene as volume node."""
    import slicer

    def add(array: np.ndarray, affine: np.ndarray = OBLIQUE, name: str = "T1"):
        node = slicer.util.addVolumeFromArray(
            np.ascontiguousarray(array.transpose(2, 1, 0)), ijkToRAS=affine, name=name
        )
        node.CreateDefaultDisplayNodes()
        return node

    return add


@pytest.fixture
def write_results(a_scene):
    """Gives a function that puts a phantom's true results into the scene, as at the end of a run."""
    from gmmseg.settings import Settings
    from GMMSegExtensionLib.engine_result import EngineResult
    from GMMSegExtensionLib.request import ChosenOutputs, SegmentationRequest
    from GMMSegExtensionLib.scene_writer import SceneWriter

    def write(
        volume,
        phantom: Phantom,
        posteriors: bool = False,
        entropy: np.ndarray | None = None,
        further: tuple = (),
        **kwargs,
    ):
        result = result_of(phantom, channels=1 + len(further), **kwargs)
        request = SegmentationRequest(
            volume, tuple(further), settings=Settings(mode="em"), outputs=ChosenOutputs(posteriors=posteriors)
        )
        return SceneWriter(request).write(
            EngineResult(
                labels=result.labels,
                biasField=result.bias_field,
                corrected=result.corrected,
                brainMask=result.brain_mask,
                posteriors=result.posteriors,
                box=tuple((part.start, part.stop) for part in result.box),
                report=result.report,
                entropy=entropy,
            )
        )

    return write
