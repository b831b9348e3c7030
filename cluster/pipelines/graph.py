"""A pipeline drawn: as lines for a person, or as a Mermaid diagram. Pure."""

from collections.abc import Iterator

from cluster.pipelines.pipeline import Body, Pipeline, Step
from cluster.pipelines.wires import ListWire, RecordWire, Ref, Wire


def draw_text(pipeline: Pipeline) -> str:
    """One line an input, a step, an output; steps inside a step below it."""
    lines = [f"{pipeline.name}  {pipeline.description}".rstrip()]
    for name, wanted in pipeline.inputs.items():
        default = "" if wanted.required else f", {wanted.default!r} when left out"
        lines.append(f"  > {name}: {wanted.type}{default}")
    lines += _lines(pipeline.body, "  ")
    assert isinstance(pipeline.body.output, RecordWire)
    for name, wire in pipeline.body.output.items:
        lines.append(f"  < {name}: {dict(pipeline.body.type.fields)[name]} <- {_from(wire)}")
    return "\n".join(lines)


def draw_mermaid(pipeline: Pipeline) -> str:
    """Names are letters, digits and _, so nothing in it needs quoting."""
    lines = ["flowchart TD"]
    lines += [f"  {name}([{name}: {i.type}])" for name, i in pipeline.inputs.items()]
    lines += _mermaid(pipeline.body, "", dict.fromkeys(pipeline.inputs, ""), "  ")
    lines.append("  out__([output])")
    for ref in refs(pipeline.body.output):
        lines.append(f"  {ref} --> out__")
    return "\n".join(lines)


def refs(wire: Wire) -> tuple[str, ...]:
    """The names a wire begins at."""
    match wire:
        case Ref():
            return (wire.name,)
        case ListWire():
            found = [name for item in wire.items for name in refs(item)]
        case RecordWire():
            found = [name for _, item in wire.items for name in refs(item)]
        case _:
            found = []
    return tuple(dict.fromkeys(found))


def _lines(body: Body, indent: str) -> Iterator[str]:
    for step in body.steps:
        sources = ", ".join(f"{n} {_from(w)}" for n, w in step.wires.items())
        yield f"{indent}{step.name}: {step.kind.name} <- {sources} -> {step.type}{_policy(step)}"
        for name, inner in step.bodies.items():
            each = step.kind.nests == "map"
            label = f"each {step.settings['as']}" if each else name or "''"
            yield f"{indent}  {label}:"
            yield from _lines(inner, indent + "    ")
            yield f"{indent}    = {_from(inner.output)}"


def _from(wire: Wire) -> str:
    match wire:
        case Ref():
            return str(wire)
        case ListWire():
            return f"[{', '.join(_from(item) for item in wire.items)}]"
        case RecordWire():
            return f"{{{', '.join(f'{n}: {_from(item)}' for n, item in wire.items)}}}"
        case _:
            text = repr(wire.value)
            return text if len(text) <= 40 else f"{text[:37]}..."


def _policy(step: Step) -> str:
    policy = step.policy
    said = [
        f"retry {policy.retry}" if policy.retry else "",
        f"within {policy.timeout_s:g} s" if policy.timeout_s else "",
        f"on refuse {policy.on_refuse}" if step.kind.refuses else "",
        "cached" if policy.cache else "",
    ]
    told = ", ".join(filter(None, said))
    return f" ({told})" if told else ""


def _mermaid(body: Body, around: str, known: dict[str, str], indent: str) -> Iterator[str]:
    """`known` says where a name stands: the prefix of its node."""
    known = {**known, **{step.name: around for step in body.steps}}
    for step in body.steps:
        node = f"{around}{step.name}"
        if not step.bodies:
            yield f"{indent}{node}[{step.name}: {step.kind.name}]"
        for name, inner in step.bodies.items():
            case = f" {name}" if step.kind.nests == "branch" else ""
            prefix = f"{node}_{list(step.bodies).index(name)}_"
            yield f"{indent}subgraph {prefix}box [{step.name}: {step.kind.name}{case}]"
            yield from _mermaid(inner, prefix, known, indent + "  ")
            yield f"{indent}end"
        if step.bodies:
            yield f"{indent}{node}(({step.name}))"
            for name in step.bodies:
                yield f"{indent}{node}_{list(step.bodies).index(name)}_box --> {node}"
        for wire in step.wires.values():
            for name in refs(wire):
                if name in known:
                    yield f"{indent}{known[name]}{name} --> {node}"
