// Validates an OpenAPI document: node check_openapi.mjs URL. Prints its title, or fails with what is wrong.
import SwaggerParser from '@apidevtools/swagger-parser';

const answer = await fetch(process.argv[2]);
const document = await answer.json();
const api = await SwaggerParser.validate(document, { resolve: { external: false } });
console.log(api.info.title);
