"""Checks that no resource or output of the transformed template refers to something that its conditions leave out, and
that no dependencies form a cycle: with the default parameters, with every option switched on, and with each option alone.

    python dev/template/check_conditions.py target/template.json
"""

import json
import re
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

# For each parameter that a condition depends on, a value that turns the option on.
ON = {
    "AlarmEmail": "operations@example.ci",
    "DatabaseClusterId": "relais",
    "DatabaseInstanceId": "relais",
    "DomainName": "chat.example.ci",
    "HostedZoneId": "Z1",
    "LogKmsKeyArn": "arn:aws:kms:eu-west-3:123456789012:key/1",
    "LogLevel": "debug",
    "Monitoring": "true",
    "ProxySecretArn": "arn:aws:secretsmanager:eu-west-3:123456789012:secret:proxy-abcdef",
    "ReservedConcurrency": 1,
    "SecretKmsKeyArn": "arn:aws:kms:eu-west-3:123456789012:key/1",
    "SecurityGroupIds": "sg-1",
    "SubnetIds": "subnet-1",
    "Tracing": "true",
    "WebAcl": "true",
}
# Options that are on by default, so the check turns them off one by one.
OFF = {"ApiGatewayAccount": "false", "Pushes": "false"}
NOTHING = {"Ref": "AWS::NoValue"}


def holds(condition, parameters, conditions):
    """Evaluates a condition."""
    (function, operands), *_ = condition.items()
    if function == "Condition":
        return holds(conditions[operands], parameters, conditions)
    if function == "Fn::Equals":
        first, second = (parameters[it["Ref"]] if isinstance(it, dict) else it for it in operands)
        return str(first) == str(second)
    results = [holds(it, parameters, conditions) for it in operands]
    return {"Fn::And": all(results), "Fn::Or": any(results), "Fn::Not": not results[0]}[function]


def resolved(value, truths):
    """Returns a value without the branches of `Fn::If` that do not apply."""
    if isinstance(value, list):
        return [it for it in (resolved(it, truths) for it in value) if it != NOTHING]
    if not isinstance(value, dict):
        return value
    if "Fn::If" in value:
        condition, then, otherwise = value["Fn::If"]
        return resolved(then if truths[condition] else otherwise, truths)
    return {key: it for key, it in ((key, resolved(it, truths)) for key, it in value.items()) if it != NOTHING}


def references(value):
    """Yields every logical ID that a value names."""
    if isinstance(value, list):
        for it in value:
            yield from references(it)
    elif isinstance(value, dict):
        for key, it in value.items():
            if key in ("Ref", "DependsOn"):
                yield from [it] if isinstance(it, str) else it
            elif key == "Fn::GetAtt":
                yield it.split(".")[0] if isinstance(it, str) else it[0]
            elif key == "Fn::Sub":
                text, names = (it, {}) if isinstance(it, str) else it
                yield from (name.split(".")[0] for name in re.findall(r"\$\{([\w:.]+)\}", text) if name not in names)
                yield from references(names)
            else:
                yield from references(it)


def faults(template, parameters):
    """Yields what CloudFormation would reject with these parameters."""
    truths = {name: holds(it, parameters, template["Conditions"]) for name, it in template["Conditions"].items()}
    present = lambda section: {
        name: resolved(it, truths) for name, it in template[section].items() if truths.get(it.get("Condition"), True)
    }
    resources = present("Resources")
    graph = {name: {it for it in references(resource) if "::" not in it} for name, resource in resources.items()}
    outputs = {f"output {name}": set(references(it)) for name, it in present("Outputs").items()}
    for name, targets in {**graph, **outputs}.items():
        for target in targets - resources.keys() - parameters.keys():
            if "::" not in target:
                yield f"{name} refers to {target}, which does not exist"
    try:
        TopologicalSorter({name: targets & resources.keys() for name, targets in graph.items()}).prepare()
    except CycleError as error:
        yield f"cycle: {' -> '.join(error.args[1])}"


def main(file):
    template = json.loads(Path(file).read_text())
    default = {name: it.get("Default", "") for name, it in template["Parameters"].items()}
    settings = {"default": {}, "everything on": ON, "everything off": OFF}
    settings |= {f"{name}={value}": {name: value} for name, value in {**ON, **OFF}.items()}
    used = {it for condition in template["Conditions"].values() for it in references(condition)} - {"Condition"}
    found = [f"no setting for {name}, of which a condition depends" for name in used - ON.keys() - OFF.keys()]
    for name, changed in settings.items():
        found += [f"{name}: {fault}" for fault in faults(template, {**default, **changed})]
    if found:
        sys.exit("\n".join(found))
    print(f"{len(template['Resources'])} resources; no dangling reference and no cycle with {len(settings)} sets of parameters")


if __name__ == "__main__":
    main(sys.argv[1])
