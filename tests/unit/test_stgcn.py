"""ST-GCN and MotionEncoder against loops over joints and frames, written from method.md section 2."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d

from pgfa.config import ModelSettings
from pgfa.model.encoder import MotionEncoder, parameter_count
from pgfa.model.graph import parents, spatial_adjacency
from pgfa.model.stgcn import STGCN, Block, Dropout, from_authors
from pgfa.skeleton import HDM05, KINECT20, NTU25, Layout

torch.set_num_threads(1)

# c - b - a - d - e: a chain about its centre a, small enough to write its adjacency down.
CHAIN = Layout(
    name="chain",
    joints=("a", "b", "c", "d", "e"),
    bones=(("b", "a"), ("c", "b"), ("d", "a"), ("e", "d")),
    centre="a",
    root="a",
)


def stir(module: nn.Module, seed: int = 0) -> None:
    """Move weights, edge weights and running statistics from their initial values, so that all are tested."""
    random = torch.Generator().manual_seed(seed)
    for name, value in module.state_dict().items():
        if name.endswith("running_var"):
            value.copy_(0.5 + torch.rand(value.shape, generator=random))
        elif value.is_floating_point():
            value.add_(0.3 * torch.randn(value.shape, generator=random))


def block_by_loops(x: Tensor, block: Block, adjacency: Tensor) -> Tensor:
    """A block in evaluation mode, joint by joint, frame by frame: (n, a, T, V) -> (n, b, T', V)."""

    def norm(value: Tensor, layer: nn.BatchNorm2d, channel: int) -> Tensor:
        spread = (layer.running_var[channel] + layer.eps).sqrt()
        return (value - layer.running_mean[channel]) / spread * layer.weight[channel] + layer.bias[channel]

    n, a, frames, joints = x.shape
    b = block.norm_in.num_features
    kernel, stride = block.over_time.kernel_size[0], block.over_time.stride[0]
    mixed = torch.zeros(n, b, frames, joints, dtype=x.dtype)
    for w in range(joints):
        for v in range(joints):
            for k in range(3):
                weight = adjacency[k, v, w] * block.edge[k, v, w]
                for c in range(b):
                    row = k * b + c  # the convolution computes the channels of subset 0, then of 1, then of 2
                    spread = torch.full((n, frames), float(block.spread.bias[row]), dtype=x.dtype)
                    for i in range(a):
                        spread = spread + block.spread.weight[row, i, 0, 0] * x[:, i, :, v]
                    mixed[:, c, :, w] += weight * spread
    hidden = torch.stack([norm(mixed[:, c], block.norm_in, c) for c in range(b)], dim=1).clamp(min=0)
    steps = (frames - 1) // stride + 1
    out = torch.zeros(n, b, steps, joints, dtype=x.dtype)
    for c in range(b):
        for t in range(steps):
            value = block.over_time.bias[c].expand(n, joints)
            for tap in range(kernel):
                source = t * stride + tap - kernel // 2
                if 0 <= source < frames:
                    for i in range(b):
                        value = value + block.over_time.weight[c, i, tap, 0] * hidden[:, i, source]
            out[:, c, t] = norm(value, block.norm_out, c)
    if isinstance(block.shortcut, nn.Identity):
        out = out + x
    elif isinstance(block.shortcut, nn.Sequential):
        carry, after = block.shortcut
        for c in range(b):
            for t in range(steps):
                value = carry.bias[c].expand(n, joints)
                for i in range(a):
                    value = value + carry.weight[c, i, 0, 0] * x[:, i, t * stride]
                out[:, c, t] += norm(value, after, c)
    return out.clamp(min=0)


@pytest.mark.parametrize(
    ("a", "b", "stride", "residual"), [(3, 4, 1, False), (4, 4, 1, True), (2, 4, 2, True), (4, 2, 1, True)]
)
@pytest.mark.parametrize("kernel", [3, 5])
def test_a_block_equals_loops(a: int, b: int, stride: int, residual: bool, kernel: int) -> None:
    block = Block(a, b, stride, 5, kernel, dropout=0.5, residual=residual).double().eval()
    stir(block)
    adjacency = torch.from_numpy(spatial_adjacency(CHAIN)).double()
    x = torch.randn(2, a, 7, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        torch.testing.assert_close(
            block(x, adjacency), block_by_loops(x, block, adjacency), atol=1e-10, rtol=1e-10
        )


@pytest.mark.parametrize(("a", "b"), [(2, 6), (6, 2), (4, 4)])
def test_mixing_first_equals_spreading_first(a: int, b: int) -> None:
    block = Block(a, b, 1, 5, 3, dropout=0.0, residual=False).double()
    stir(block)
    x = torch.randn(3, a, 4, 5, dtype=torch.float64)
    weights = torch.randn(3, 5, 5, dtype=torch.float64)
    spread = conv2d(x, block.spread.weight, block.spread.bias).view(3, 3, b, 4, 5)
    torch.testing.assert_close(block._mix(x, weights), torch.einsum("nkctv,kvw->nctw", spread, weights))


def test_the_network_equals_its_parts_in_order() -> None:
    """Normalised input in the authors' channel order (joint, then axis), blocks, mean over time, joints, bodies."""
    net = STGCN(CHAIN, channels=(2, 4), strides=(1, 2), kernel=3).double().eval()
    stir(net)
    x = torch.randn(2, 3, 6, 5, 2, dtype=torch.float64)
    with torch.no_grad():
        output = net(x)
        norm = net.input_norm
        for n in range(2):
            bodies = []
            for m in range(2):
                y = torch.empty(1, 3, 6, 5, dtype=torch.float64)
                for v in range(5):
                    for c in range(3):
                        channel = v * 3 + c
                        shifted = (x[n, c, :, v, m] - norm.running_mean[channel]) / (
                            norm.running_var[channel] + norm.eps
                        ).sqrt()
                        y[0, c, :, v] = shifted * norm.weight[channel] + norm.bias[channel]
                for block in net.blocks:
                    y = block_by_loops(y, block, net.adjacency)
                bodies.append(y.mean(dim=(2, 3))[0])
            torch.testing.assert_close(output[n], (bodies[0] + bodies[1]) / 2, atol=1e-10, rtol=1e-10)


def test_adjacency_of_a_chain_by_hand() -> None:
    """Columns sum to one; subsets: the joint itself, neighbours not closer to the centre, closer neighbours."""
    a, b, c, d, e = range(5)
    expected = np.zeros((3, 5, 5))
    for joint, links in ((a, 3), (b, 3), (c, 2), (d, 3), (e, 2)):
        expected[0, joint, joint] = 1 / links
    for giver, taker, links in ((b, a, 3), (d, a, 3), (c, b, 3), (e, d, 3)):
        expected[1, giver, taker] = 1 / links
    for giver, taker, links in ((a, b, 3), (a, d, 3)):
        expected[2, giver, taker] = 1 / links
    # The authors' distances end at one hop, so b is not closer than c.
    for giver, taker, links in ((b, c, 2), (d, e, 2)):
        expected[2, giver, taker] = 1 / links
    np.testing.assert_allclose(spatial_adjacency(CHAIN), expected, atol=1e-7)


@pytest.mark.parametrize("layout", [NTU25, KINECT20, HDM05, CHAIN], ids=lambda x: x.name)
def test_any_layout(layout: Layout) -> None:
    adjacency = spatial_adjacency(layout)
    np.testing.assert_allclose(adjacency.sum(axis=(0, 1)), 1, atol=1e-6)
    net = STGCN(layout, inputs=6, channels=(4, 8), strides=(2, 1), kernel=3).eval()
    assert net(torch.randn(2, 6, 8, len(layout.joints), 2)).shape == (2, 8)
    parent = parents(layout)
    assert parent[layout.index(layout.centre)] == layout.index(layout.centre)
    ancestor = np.arange(len(parent))
    for _ in parent:
        ancestor = parent[ancestor]
    assert (ancestor == layout.index(layout.centre)).all()  # every joint leads to the centre


def test_streams_are_positions_bones_and_steps() -> None:
    settings = ModelSettings(streams=("joint", "bone", "motion"), channels=(4,), strides=(1,), kernel=3)
    model = MotionEncoder(settings, CHAIN, 5, 1.0)
    x = torch.randn(2, 10, 2, 5, 3)
    output = model.streams_of(x)
    assert output.shape == (2, 10, 2, 5, 9)
    torch.testing.assert_close(output[..., :3], x)
    torch.testing.assert_close(output[0, 4, 1, 2, 3:6], x[0, 4, 1, 2] - x[0, 4, 1, 1])  # the parent of c is b
    assert (output[:, :, :, 0, 3:6] == 0).all()  # the centre has no parent
    torch.testing.assert_close(output[1, 3, 0, 2, 6:], x[1, 4, 0, 2] - x[1, 3, 0, 2])
    assert (output[:, -1, ..., 6:] == 0).all()


def encoder(absent: str, *, layout: Layout = CHAIN, recipe: str = "default") -> MotionEncoder:
    settings = ModelSettings(
        recipe=recipe, streams=("joint",), channels=(4, 8), strides=(2, 1), kernel=3, absent_bodies=absent
    )
    torch.manual_seed(0)
    model = MotionEncoder(settings, layout, 6, 1 / 0.07).eval()
    stir(model)
    return model


@pytest.fixture
def clips() -> tuple[Tensor, Tensor]:
    """(5, 8, 2, 5, 3): both bodies, the first only, the second only, none, both."""
    present = torch.tensor([[1, 1], [1, 0], [0, 1], [0, 0], [1, 1]], dtype=torch.bool)
    positions = torch.randn(5, 8, 2, 5, 3, generator=torch.Generator().manual_seed(3))
    return positions * present[:, None, :, None, None], present


def test_skip_computes_present_bodies_only(clips: tuple[Tensor, Tensor]) -> None:
    positions, present = clips
    model = encoder("skip")
    with torch.no_grad():
        output = model(positions, present)
        for clip in range(5):
            bodies = [b for b in range(2) if present[clip, b]] or [0]
            alone = [
                model.encoder(positions[clip, :, b].permute(2, 0, 1)[None, ..., None])[0] for b in bodies
            ]
            mean = torch.stack(alone).mean(dim=0)
            torch.testing.assert_close(output[clip], model.projection(mean))
        assert output.isfinite().all()  # the clip without a body too


def test_zero_computes_absent_bodies_as_bodies_of_zeros(clips: tuple[Tensor, Tensor]) -> None:
    positions, present = clips
    model, skip = encoder("zero"), encoder("skip")
    with torch.no_grad():
        output = model(positions, present)
        torch.testing.assert_close(output, model(positions, torch.ones_like(present)))
        both = present.all(dim=1)
        torch.testing.assert_close(output[both], skip(positions, present)[both])
        assert not torch.allclose(output[~both], skip(positions, present)[~both])


@pytest.mark.parametrize("absent", ["zero", "skip"])
def test_order_of_bodies_and_of_clips_does_not_matter(absent: str, clips: tuple[Tensor, Tensor]) -> None:
    positions, present = clips
    model, order = encoder(absent), torch.tensor([4, 2, 0, 3, 1])
    with torch.no_grad():
        output = model(positions, present)
        torch.testing.assert_close(model(positions.flip(2), present.flip(1)), output)
        torch.testing.assert_close(model(positions[order], present[order]), output[order])


def test_skip_normalises_without_absent_bodies(clips: tuple[Tensor, Tensor]) -> None:
    """In training, batch statistics come from present bodies; values in absent slots are not read."""
    positions, present = clips
    present[3, 0] = True  # a clip without a person is computed as it is
    model = encoder("skip").train()
    for module in model.modules():
        if isinstance(module, Dropout):
            module.eval()
    junk = torch.where(present[:, None, :, None, None], positions, torch.tensor(1e6))
    torch.testing.assert_close(model(junk, present), model(positions, present))


def test_the_logit_scale_trains_only_if_set() -> None:
    settings = ModelSettings(channels=(4,), strides=(1,), kernel=3)
    fixed, free = (MotionEncoder(settings, CHAIN, 6, 1 / 0.07, learn) for learn in (False, True))
    assert parameter_count(free) == parameter_count(fixed) + 1
    assert float(fixed.log_scale.exp()) == pytest.approx(1 / 0.07)
    assert (fixed.projection.bias == 0).all()


@pytest.mark.parametrize("probability", [0.2, 0.5, 0.999])
def test_dropout_keeps_the_mean_and_drops_the_stated_fraction(probability: float) -> None:
    torch.manual_seed(0)
    layer, x = Dropout(probability), torch.ones(333, 601)  # a size that eight does not divide
    y = layer(x)
    share = min(round(256 * probability), 255) / 256
    nonzero = y != 0
    deviation = (share * (1 - share) / x.numel()) ** 0.5
    assert abs(1 - nonzero.double().mean().item() - share) < 5 * deviation
    assert y.unique().tolist() == pytest.approx([0, 1 / (1 - share)])
    assert y.mean().item() == pytest.approx(1, abs=5 * deviation / (1 - share))
    # The eight masks from one random number are independent of one another.
    flat = nonzero.flatten()[: x.numel() // 8 * 8].view(-1, 8).double()
    if probability < 0.9:
        assert (torch.corrcoef(flat.T) - torch.eye(8)).abs().max() < 0.04
    assert torch.equal(layer.eval()(x), x)
    assert torch.equal(Dropout(0.0).train()(x), x)


def test_dropout_gradient_flows_through_the_values_that_remain() -> None:
    torch.manual_seed(0)
    x = torch.randn(40, requires_grad=True)
    y = Dropout(0.5)(x)
    y.sum().backward()
    assert x.grad is not None
    torch.testing.assert_close(x.grad * x, y)


def test_dropout_is_the_same_for_the_same_seed() -> None:
    layer, x = Dropout(0.5), torch.ones(1000)
    outputs = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        outputs.append(layer(x))
    assert torch.equal(outputs[0], outputs[1])
    assert not torch.equal(outputs[0], outputs[2])


def test_from_authors_names_every_tensor() -> None:
    """The authors' module names, as in the reference values, map exactly to ours; the first block has no shortcut."""
    net = STGCN(CHAIN, channels=(2, 2, 4), strides=(1, 1, 2), kernel=3)
    theirs: dict[str, Tensor] = {"A": net.adjacency}
    modules = {"spread": "gcn.conv", "norm_in": "tcn.0", "over_time": "tcn.2", "norm_out": "tcn.3"}
    modules |= {"shortcut": "residual"}
    for name, value in net.state_dict().items():
        if name.startswith("input_norm"):
            theirs[name.replace("input_norm", "data_bn")] = value
        elif name.endswith("edge"):
            theirs[f"edge_importance.{name.split('.')[1]}"] = value
        else:
            _, block, part, rest = name.split(".", 3)
            theirs[f"st_gcn_networks.{block}.{modules[part]}.{rest}"] = value
    stir(net)  # in place: the values above are these very tensors
    renamed = from_authors(theirs)
    assert renamed.keys() == net.state_dict().keys()
    fresh = STGCN(CHAIN, channels=(2, 2, 4), strides=(1, 1, 2), kernel=3)
    fresh.load_state_dict(renamed)
    assert all(torch.equal(fresh.state_dict()[name], value) for name, value in net.state_dict().items())
    with pytest.raises(RuntimeError, match=r"fc\.weight"):
        fresh.load_state_dict(from_authors({**theirs, "fc.weight": torch.ones(1)}))
