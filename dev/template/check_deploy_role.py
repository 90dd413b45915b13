"""Checks that deploy/deploy-role.yaml allows every action that CloudFormation needs for the resources of the transformed
template. The actions are those that AWS publishes with each resource type ("handlers"); cfn-lint contains them.

    python dev/template/check_deploy_role.py target/template.json
"""

import json
import sys
from pathlib import Path

from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER
from samcli.yamlhelper import yaml_parse

ROLE = Path(__file__).parents[2] / "deploy" / "deploy-role.yaml"

# The option of the deploy role that a condition of the template needs.
OPTION_OF = {
    "HasAlarmEmail": "HasMonitoring",
    "HasApiGatewayAccount": None,
    "HasDomain": "HasCustomDomain",
    "HasDomainRecord": "HasCustomDomain",
    "HasProxy": "HasProxy",
    "HasWebAcl": "HasWebAcl",
    "IsDatabaseMonitored": "HasMonitoring",
    "IsMonitored": "HasMonitoring",
}

# Actions, by type, for properties that the template does not use.
NOT_NEEDED = {
    "AWS::ApiGateway::RestApi": {"apigateway:UpdateRestApiPolicy"},
    "AWS::IAM::Role": {"iam:DeleteRolePermissionsBoundary", "iam:PutRolePermissionsBoundary"},
    "AWS::Lambda::Alias": {"lambda:DeleteProvisionedConcurrencyConfig", "lambda:PutProvisionedConcurrencyConfig"},
    "AWS::Lambda::Function": {
        "lambda:AssociateRuntimeAlias",
        "lambda:DeleteFunctionCodeSigningConfig",
        "lambda:GetCodeSigningConfig",
        "lambda:GetLayerVersion",
        "lambda:PassCapacityProvider",
        "lambda:PutFunctionCodeSigningConfig",
        "lambda:PutFunctionRecursionConfig",
        "lambda:PutFunctionScalingConfig",
        "lambda:PutRuntimeManagementConfig",
    },
    "AWS::Lambda::Version": {
        "lambda:PutFunctionScalingConfig",
        "lambda:PutProvisionedConcurrencyConfig",
        "lambda:PutRuntimeManagementConfig",
    },
    "AWS::Logs::LogGroup": {
        "logs:CreateLogDelivery",
        "logs:DeleteDataProtectionPolicy",
        "logs:DeleteIndexPolicy",
        "logs:DeleteResourcePolicy",
        "logs:PutBearerTokenAuthentication",
        "logs:PutDataProtectionPolicy",
        "logs:PutIndexPolicy",
        "logs:PutLogGroupDeletionProtection",
        "logs:PutResourcePolicy",
    },
    "AWS::SNS::Topic": {"sns:PutDataProtectionPolicy"},
    "AWS::WAFv2::WebACLAssociation": {"wafv2:GetPermissionPolicy", "wafv2:PutPermissionPolicy"},
}
# Services that these types can use, but not in this template: environment variables have no KMS key, functions no
# file system.
SERVICES = {"apigateway", "cloudwatch", "ec2", "iam", "lambda", "logs", "rds", "route53", "s3", "scheduler", "sns", "sqs", "wafv2"}


def needed(kind):
    """Returns the actions for a resource type."""
    handlers = PROVIDER_SCHEMA_MANAGER.get_resource_schema("eu-west-3", kind).schema.get("handlers", {})
    actions = {it for name, handler in handlers.items() if name != "list" for it in handler.get("permissions", [])}
    return {
        it
        for it in actions - NOT_NEEDED.get(kind, set())
        # Skip "s3:REST.PUT.OBJECT", which is not an IAM action, and verified access points, which are not part of the
        # API.
        if it.split(":")[0] in SERVICES and "." not in it and "VerifiedAccess" not in it
    }


def allowed(role):
    """Returns the actions that the role allows, by option; None is always allowed."""
    actions = {}
    for policy in role["Properties"]["Policies"]:
        option, policy = (policy["Fn::If"][0], policy["Fn::If"][1]) if "Fn::If" in policy else (None, policy)
        for statement in policy["PolicyDocument"]["Statement"]:
            listed = statement["Action"]
            actions.setdefault(option, set()).update([listed] if isinstance(listed, str) else listed)
    return actions


def main(file):
    resources = json.loads(Path(file).read_text())["Resources"]
    actions = allowed(yaml_parse(ROLE.read_text())["Resources"]["DeployRole"])
    missing = set()
    for resource in resources.values():
        condition = resource.get("Condition")
        options = {None, OPTION_OF[condition] if condition else None}
        if resource["Type"] == "AWS::Lambda::Function":
            options.add("HasVpc")
        lacking = needed(resource["Type"]) - set().union(*(actions[option] for option in options))
        missing |= {(resource["Type"], action, condition or "always") for action in lacking}
    if missing:
        sys.exit("deploy/deploy-role.yaml lacks:\n" + "\n".join(f"  {kind}: {action} ({when})" for kind, action, when in sorted(missing)))


if __name__ == "__main__":
    main(sys.argv[1])
