<?php
// An identity provider for the tests, on loopback; what differs from run to run comes from options.json.
$options = json_decode(file_get_contents(__DIR__ . '/options.json'), true);
$config = [
    'baseurlpath' => $options['url'] . '/',
    'certdir' => __DIR__ . '/',
    'loggingdir' => __DIR__ . '/',
    'datadir' => __DIR__ . '/',
    'tempdir' => __DIR__ . '/temp',
    'metadatadir' => __DIR__ . '/metadata/',
    'attributenamemapdir' => __DIR__ . '/',
    'secretsalt' => 'the tests of an afternoon',
    'auth.adminpassword' => bin2hex(random_bytes(16)),
    'timezone' => 'UTC',
    'showerrors' => true,
    'errorreporting' => false,
    'logging.handler' => 'file',
    'logging.logfile' => 'provider.log',
    'statistics.out' => [],
    'enable.saml20-idp' => true,
    'module.enable' => ['exampleauth' => true, 'core' => true, 'saml' => true],
    'session.duration' => $options['session_seconds'],
    'session.cookie.secure' => false,
    'session.cookie.samesite' => 'Lax',
    'session.phpsession.savepath' => __DIR__ . '/sessions',
    'session.phpsession.httponly' => true,
    'store.type' => 'phpsession',
    'language.default' => 'en',
    'language.available' => ['en'],
    'language.cookie.secure' => false,
    'theme.use' => 'default',
    'metadata.sources' => array_merge(
        [['type' => 'flatfile']],
        array_map(fn ($file) => ['type' => 'xml', 'file' => $file], glob(__DIR__ . '/applications/*.xml'))
    ),
];
