-- Demo users and deliveries, which other services own on a platform. `make dev` loads them at each start and leaves
-- existing rows as they are.

INSERT INTO users (id, full_name, phone_number, user_type, profile_photo_url) VALUES
    ('11111111-1111-4111-8111-111111111111', 'Kouassi Yao',    '+2250701020304', 'driver',   'https://i.pravatar.cc/150?img=12'),
    ('22222222-2222-4222-8222-222222222222', 'Aya Koné',       '+2250505060708', 'client',   'https://i.pravatar.cc/150?img=47'),
    ('33333333-3333-4333-8333-333333333333', 'Maquis du Plateau', '+2252720212223', 'merchant', NULL),
    ('44444444-4444-4444-8444-444444444444', 'Fatou Traoré',   '+2250101112233', 'admin',    NULL)
ON CONFLICT (id) DO NOTHING;

INSERT INTO deliveries (id, tracking_number, pickup_address, delivery_address, driver_id, client_id, merchant_id) VALUES
    -- The driver brings the client a meal from the merchant. Client and merchant can each write to the driver about
    -- it.
    ('aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa', 'LBN123456', 'Plateau, avenue Chardy, Abidjan', 'Cocody, Riviera 2, rue des Jardins, Abidjan',
     '11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222', '33333333-3333-4333-8333-333333333333'),
    -- A parcel from one user to another, without a merchant.
    ('bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb', 'LBN123457', 'Treichville, avenue 16, Abidjan', 'Yopougon, Niangon Nord, Abidjan',
     '11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222', NULL)
ON CONFLICT (id) DO NOTHING;
