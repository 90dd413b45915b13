"""Writes template.yaml as CloudFormation sees it after the SAM transform, as JSON.

    python dev/template/transform.py target/template.json
"""

import json
import sys
from pathlib import Path

from samcli.yamlhelper import yaml_parse
from samtranslator.parser.parser import Parser
from samtranslator.translator.transform import transform

ROOT = Path(__file__).parents[2]


def transformed() -> dict:
    """Returns the transformed template, with a bucket in place of the folders that `sam deploy` uploads."""
    template = yaml_parse((ROOT / "template.yaml").read_text())
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = f"s3://artefacts/{resource['Properties']['CodeUri']}"
    # The template names managed policies by ARN only, so the transform does not call IAM.
    return transform(template, {}, managed_policy_loader=None)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps(transformed(), indent=1))
