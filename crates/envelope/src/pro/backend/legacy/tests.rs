use super::*;
use alloc::format;

const NOW: UnixMillis = UnixMillis::from_millis(1_771_971_949_000);

fn keys() -> (MasterKey, ed25519::SigningKey) {
    let master = MasterKey::from_secret(&[1; 32]).unwrap();
    (master, ed25519::SigningKey::from_seed(&[2; 32]))
}

fn body(request: &Request) -> Value {
    serde_json::from_str(request.body()).unwrap()
}

fn verifies(request: &Request, key: &ed25519::SigningKey, public: &str, by: &str) {
    let body = body(request);
    let of_key = hex::encode(key.public().as_bytes());
    assert_eq!(body[public], of_key);
    let signature = hex::decode_array("signature", body[by].as_str().unwrap()).unwrap();
    let signature = ed25519::Signature::from_bytes(signature);
    let hash = request.hash().unwrap();
    key.public().verify(hash, &signature).unwrap();
}

#[test]
fn requests_are_signed() {
    let (master, rotating) = keys();
    let google = Purchase::GooglePlay {
        token: "token",
        order_id: "order",
    };
    let payment = Request::add_payment(&master, &rotating, google);
    for request in [&payment, &Request::proof(&master, &rotating, NOW)] {
        verifies(request, master.key(), "master_pkey", "master_sig");
        verifies(request, &rotating, "rotating_pkey", "rotating_sig");
    }
    let account = Request::account(&master, 5, NOW);
    let refund = Request::refund_requested(&master, google, NOW, NOW);
    for request in [&account, &refund] {
        verifies(request, master.key(), "master_pkey", "master_sig");
        assert!(body(request)["rotating_pkey"].is_null());
    }
    assert_eq!(body(&account)["count"], 5);
    assert_eq!(body(&refund)["payment_tx"]["google_order_id"], "order");
    for request in [&payment, &account, &refund] {
        assert_eq!(body(request)["version"], 0);
    }
}

#[test]
fn ids_of_google_run_together() {
    let (master, _) = keys();
    let hash = |token, order_id| {
        let purchase = Purchase::GooglePlay { token, order_id };
        *Request::refund_requested(&master, purchase, NOW, NOW)
            .hash()
            .unwrap()
    };
    // As the module says.
    assert_eq!(hash("ab", "c"), hash("a", "bc"));
    assert_ne!(hash("ab", "c"), hash("ab", "d"));
}

#[test]
fn stores_are_told_apart() {
    let (master, rotating) = keys();
    let add = |purchase| Request::add_payment(&master, &rotating, purchase);
    let apple = add(Purchase::AppStore {
        transaction_id: "7",
    });
    let rangeproof = add(Purchase::Rangeproof { payment_id: "7" });
    assert_ne!(apple.hash(), rangeproof.hash());
    assert_eq!(
        body(&apple)["payment_tx"],
        json!({"provider": 2, "apple_tx_id": "7"})
    );
    assert_eq!(body(&rangeproof)["payment_tx"], json!({"provider": 3}));
}

#[test]
fn revocations_name_nobody() {
    let request = Request::revocations(9);
    assert_eq!(request.endpoint(), "get_pro_revocations");
    assert_eq!(body(&request), json!({"version": 0, "ticket": 9}));
    assert_eq!(request.hash(), None);
}

#[test]
fn debug_shows_endpoint_and_store_only() {
    let (master, _) = keys();
    let request = Request::account(&master, 1, NOW);
    let shown = format!("{request:?}");
    assert_eq!(shown, r#"Request { endpoint: "get_pro_details", .. }"#);
    let purchase = Purchase::AppStore {
        transaction_id: "7",
    };
    assert_eq!(format!("{purchase:?}"), "AppStore(..)");
}
