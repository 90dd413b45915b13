//! At deploy time, and by the local stack: brings the schema up to date. Safe to repeat, also twice at once.
//!
//! `template.yaml` has it as a custom resource that the other functions wait for: CloudFormation invokes it before new
//! code takes traffic, and rolls the deployment back where it fails. An operator may invoke it with any other event.

use serde::Deserialize;
use serde::de::IgnoredAny;
use shared::db::migrate::{self, Report};
use shared::runtime::{App, DeploymentStep, StartError, serve_event};

#[derive(Deserialize)]
#[serde(untagged)]
enum Order {
    Deployment(DeploymentStep),
    Operator(IgnoredAny),
}

async fn migrate_database(app: &'static App, order: Order) -> Result<Option<Report>, StartError> {
    match order {
        Order::Operator(_) => migrate::migrate(&app.database).await.map(Some),
        // A stack that goes leaves the data.
        Order::Deployment(step) if step.is_deletion() => {
            step.answer(Ok(())).await?;
            Ok(None)
        }
        Order::Deployment(step) => {
            let migrated = migrate::migrate(&app.database).await;
            step.answer(migrated.as_ref().map(|_| ())).await?;
            // An error here would have Lambda repeat what CloudFormation has had its answer to.
            Ok(migrated.ok())
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    serve_event(migrate_database).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use shared::testing::World;
    use wiremock::matchers::method;
    use wiremock::{Mock, MockServer, ResponseTemplate};

    /// Has CloudFormation ask for it; answers what it hears.
    async fn deploy(world: &World, mut request: Value) -> Value {
        let s3 = MockServer::start().await;
        Mock::given(method("PUT"))
            .respond_with(ResponseTemplate::new(200))
            .mount(&s3)
            .await;
        request["ResponseURL"] = format!("{}/answer?signature=x", s3.uri()).into();
        request["StackId"] = "arn:aws:cloudformation:eu-west-3:123456789012:stack/relais/1".into();
        request["RequestId"] = "request-1".into();
        request["LogicalResourceId"] = "Schema".into();
        request["ResourceProperties"] = json!({ "Code": "3" });
        migrate_database(world.app, serde_json::from_value(request).unwrap())
            .await
            .unwrap();
        let received = s3.received_requests().await.unwrap();
        let [answer] = &received[..] else {
            panic!("{received:?}")
        };
        assert!(!answer.headers.contains_key("content-type"));
        answer.body_json().unwrap()
    }

    #[tokio::test]
    async fn a_deployment_hears_that_the_schema_is_up_to_date() {
        let world = World::new().await;
        let reset = "DROP SCHEMA public CASCADE; CREATE SCHEMA public";
        world.sql.batch_execute(reset).await.unwrap();
        assert_eq!(
            deploy(&world, json!({ "RequestType": "Create" })).await,
            json!({
                "Status": "SUCCESS", "Reason": "", "PhysicalResourceId": "schema",
                "StackId": "arn:aws:cloudformation:eu-west-3:123456789012:stack/relais/1",
                "RequestId": "request-1", "LogicalResourceId": "Schema",
            })
        );
        let tables = "SELECT count(*) FROM chat_rooms";
        world.sql.query_one(tables, &[]).await.unwrap();
    }

    #[tokio::test]
    async fn a_deployment_hears_of_a_migration_that_fails() {
        let world = World::new().await;
        // As if an applied migration had been edited.
        let edit = "UPDATE refinery_schema_history SET checksum = '1' WHERE version = 1";
        world.sql.execute(edit, &[]).await.unwrap();
        let update = json!({ "RequestType": "Update", "PhysicalResourceId": "as before" });
        let answer = deploy(&world, update).await;
        assert_eq!(
            (&answer["Status"], &answer["PhysicalResourceId"]),
            (&json!("FAILED"), &json!("as before"))
        );
        let reason = answer["Reason"].as_str().unwrap();
        assert!(reason.contains("V1__platform_tables"), "{reason}");
    }

    #[tokio::test]
    async fn a_stack_that_goes_leaves_the_data() {
        let world = World::new().await;
        let answer = deploy(&world, json!({ "RequestType": "Delete" })).await;
        assert_eq!(answer["Status"], "SUCCESS");
        let tables = "SELECT count(*) FROM chat_rooms";
        world.sql.query_one(tables, &[]).await.unwrap();
    }

    #[tokio::test]
    async fn an_operator_is_told_what_was_done() {
        let world = World::new().await;
        for event in ["{}", "null", r#"{"source": "make dev"}"#] {
            let order = serde_json::from_str(event).unwrap();
            let report = migrate_database(world.app, order).await.unwrap().unwrap();
            assert!(report.applied.is_empty());
        }
    }
}
