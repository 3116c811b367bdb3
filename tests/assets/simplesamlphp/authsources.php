<?php
// Each person's password is "right".
$options = json_decode(file_get_contents(__DIR__ . '/options.json'), true);
$people = ['exampleauth:UserPass'];
foreach ($options['people'] as $name => $attributes) {
    $people["$name:right"] = $attributes;
}
$config = ['people' => $people, 'admin' => ['core:AdminPassword']];
