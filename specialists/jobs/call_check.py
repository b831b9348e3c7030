"""Whether a call is one that its inputs allow, checked from the outside.

It stands alone so that it shares as little as it can with what makes the calls: it asks only that
a value stands in the request or in the declaration, not that the grammar of spans offers it.
"""

from collections.abc import Mapping

from specialists.jobs.job import Inputs, Result
from specialists.jobs.numbers import numbers_of
from specialists.jobs.tools import Argument, Tool, is_of, read_tools

_KEYS = {"refused", "reason", "tool", "args"}


def check_call(inputs: Inputs, result: Result) -> tuple[str, ...]:
    """What is wrong with the result of the job `tool-call` on these inputs; nothing when it is
    well formed and nothing in it is invented. Raises `JobError` for inputs that are no inputs."""
    return tuple(_faults(inputs, result))


def _faults(inputs: Inputs, result: Result) -> list[str]:
    tools = {tool.name: tool for tool in read_tools(inputs.get("tools"), job="tool-call")}
    if set(result) != _KEYS:
        return [f"the keys are {sorted(map(str, result))}"]
    refused, reason, name, args = (result[key] for key in ("refused", "reason", "tool", "args"))
    if not isinstance(refused, bool) or not isinstance(reason, str) or not reason:
        return ["refused must be true or false, with a reason"]
    if not isinstance(args, Mapping):
        return ["args must be an object"]
    if refused:
        return [] if name is None and not args else ["a refusal calls nothing"]
    if name not in tools:
        return [f"{name!r} is not allowed"]
    return _argument_faults(tools[name], args, str(inputs.get("request")))


def _argument_faults(tool: Tool, args: Mapping[str, object], request: str) -> list[str]:
    declared = {argument.name: argument for argument in tool.arguments}
    faults = [f"{name!r} is not declared" for name in args if name not in declared]
    faults += [
        f"{argument.name!r} is missing"
        for argument in tool.arguments
        if argument.required and argument.name not in args
    ]
    for name, value in args.items():
        if name in declared and not _may_be(declared[name], value, request):
            faults.append(f"{name!r} cannot be {value!r}")
    return faults


def _may_be(argument: Argument, value: object, request: str) -> bool:
    if not is_of(value, argument.type):
        return False
    if argument.values:
        return any(value == one and type(value) is type(one) for one in argument.values)
    if isinstance(value, str):
        return bool(value.strip()) and value in request
    return argument.type == "boolean" or any(
        number.value == value for number in numbers_of(request)
    )
